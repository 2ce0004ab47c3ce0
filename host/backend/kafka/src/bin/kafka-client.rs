//! The client's process on its own: what `hyhost` is when it starts itself,
//! for tests whose own program is another.

fn main() -> std::process::ExitCode {
    hyhost_backend_kafka::client()
}
