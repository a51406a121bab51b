//! The ingest service over untouched bytes.
//!
//! The gateway checks a batch and then writes the client's own bytes to the
//! log, so the service's request is those bytes, and nothing re-encodes them.
//! On the wire it is the `IngestService` of `ingest.proto`, like any other.

use crate::reject::{Reject, RejectReason};
use crate::v1::{Ack, Beacon};
use bytes::{Buf, BufMut, Bytes};
use prost::Message;
use std::fmt;
use std::marker::PhantomData;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/furrow.v1.IngestService.rs"));
}

pub use generated::ingest_service_client::IngestServiceClient as IngestClient;
pub use generated::ingest_service_server::{IngestService, IngestServiceServer};

/// An encoded `Batch`, as it came; not checked.
#[derive(Clone, PartialEq, Eq)]
pub struct RawBatch(pub Bytes);

impl fmt::Debug for RawBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawBatch({} bytes)", self.0.len())
    }
}

/// Takes a beacon's body apart; its batches share the body's bytes and are not
/// checked.
///
/// # Errors
/// `malformed` when the bytes are no beacon.
pub fn decode_beacon(body: Bytes) -> Result<Beacon, Reject> {
    Beacon::decode(body).map_err(|e| Reject::new(RejectReason::Malformed, "", e.to_string()))
}

/// A message that this codec carries: raw bytes one way, `Ack` the other.
pub trait Carried: Sized + Send + 'static {
    /// Appends the message.
    fn put(self, buf: &mut EncodeBuf<'_>);
    /// Takes the message, which is all that is left in the buffer.
    ///
    /// # Errors
    /// When the bytes are no such message.
    fn take(buf: &mut DecodeBuf<'_>) -> Result<Self, Status>;
}

impl Carried for RawBatch {
    fn put(self, buf: &mut EncodeBuf<'_>) {
        buf.put(self.0);
    }

    fn take(buf: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        Ok(RawBatch(buf.copy_to_bytes(buf.remaining())))
    }
}

impl Carried for Ack {
    fn put(self, buf: &mut EncodeBuf<'_>) {
        self.encode(buf).expect("the buffer grows");
    }

    fn take(buf: &mut DecodeBuf<'_>) -> Result<Self, Status> {
        Ack::decode(buf).map_err(|e| Status::internal(e.to_string()))
    }
}

/// Encodes `E` and decodes `D`; a server and a client use it mirrored.
pub struct RawCodec<E, D>(PhantomData<fn() -> (E, D)>);

impl<E, D> fmt::Debug for RawCodec<E, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawCodec")
    }
}

impl<E, D> Default for RawCodec<E, D> {
    fn default() -> Self {
        RawCodec(PhantomData)
    }
}

impl<E: Carried, D: Carried> Codec for RawCodec<E, D> {
    type Encode = E;
    type Decode = D;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        RawCodec::default()
    }

    fn decoder(&mut self) -> Self {
        RawCodec::default()
    }
}

impl<E: Carried, D> Encoder for RawCodec<E, D> {
    type Item = E;
    type Error = Status;

    fn encode(&mut self, item: E, buf: &mut EncodeBuf<'_>) -> Result<(), Status> {
        item.put(buf);
        Ok(())
    }
}

impl<E, D: Carried> Decoder for RawCodec<E, D> {
    type Item = D;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<D>, Status> {
        D::take(buf).map(Some)
    }
}
