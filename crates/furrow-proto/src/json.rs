//! The JSON mapping of protobuf, for every message.
//!
//! Reading is strict: a field that the message does not have is an error that
//! names it, since a mistyped name would otherwise silently change a score.

use crate::v1;
use prost::{Message, Name};
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use std::sync::LazyLock;

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| {
    DescriptorPool::decode(crate::FILE_DESCRIPTOR_SET).expect("the build wrote the descriptors")
});

/// JSON that is not such a message: says where and names the field.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct JsonError(#[from] serde_json::Error);

/// Reads a batch in JSON; the same batch, encoded. It is not yet checked: that
/// is [`decode_batch`](crate::decode_batch)'s work.
///
/// # Errors
/// Text that is no JSON, an unknown field, a value of the wrong type.
pub fn batch_from_json(json: &str) -> Result<Vec<u8>, JsonError> {
    Ok(from_json(&descriptor::<v1::Batch>(), json)?.encode_to_vec())
}

/// An encoded batch in JSON; fields with default values are left out.
///
/// # Errors
/// When the bytes are no batch.
pub fn batch_to_json(encoded: &[u8]) -> Result<String, prost::DecodeError> {
    let message = DynamicMessage::decode(descriptor::<v1::Batch>(), encoded)?;
    Ok(written(&message, &SerializeOptions::new()))
}

/// Any message in JSON, with default values written out, so that a reader
/// finds every field.
#[must_use]
pub fn to_json<M: Message + Name>(message: &M) -> String {
    let dynamic = DynamicMessage::decode(descriptor::<M>(), message.encode_to_vec().as_slice())
        .expect("a message decodes as itself");
    written(
        &dynamic,
        &SerializeOptions::new().skip_default_fields(false),
    )
}

fn descriptor<M: Name>() -> MessageDescriptor {
    POOL.get_message_by_name(&M::full_name())
        .expect("the descriptors hold every generated type")
}

fn from_json(descriptor: &MessageDescriptor, json: &str) -> Result<DynamicMessage, JsonError> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    let message =
        DynamicMessage::deserialize_with_options(descriptor.clone(), &mut reader, &options)?;
    reader.end()?;
    Ok(message)
}

fn written(message: &DynamicMessage, options: &SerializeOptions) -> String {
    let mut out = Vec::new();
    message
        .serialize_with_options(&mut serde_json::Serializer::new(&mut out), options)
        .expect("a message is valid JSON");
    String::from_utf8(out).expect("JSON is UTF-8")
}
