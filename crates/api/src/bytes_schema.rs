//! Schema of bytes in base64: `ByteString` itself has none.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

/// Stands in for `ByteString` wherever a schema is derived.
pub(crate) struct BytesSchema;

impl JsonSchema for BytesSchema {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Bytes".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "byte" })
    }
}
