//! The contract in Rust, made from `wit/` at build time.

#![allow(missing_docs, reason = "generated; the contract has the documentation")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "plugin",
    imports: {
        default: async | trappable,
        "hyhost:provision/log.write": trappable,
        "hyhost:provision/audit.note": trappable,
    },
    exports: { default: async },
});
