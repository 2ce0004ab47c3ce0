CREATE TABLE app.orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint NOT NULL REFERENCES app.accounts (id),
    total_cents bigint NOT NULL CHECK (total_cents >= 0)
);
CREATE INDEX orders_account_id ON app.orders (account_id);
