//! The backend on a Kafka cluster: so far its interface only.

mod settings;

use bytes::Bytes;

use crate::{
    AppendError, Bounds, BrokerError, CloseError, ConsumeError, Event, ForgetError, Offset,
    OpenError, Partition, ReadError, ReadLimit, Receipt, Stats, StorageError, Stored, Topic,
    TopicError, TopicFacts, TopicPlan,
};

pub use self::settings::{GroupProtocol, KafkaSettings};

#[derive(Clone, Debug)]
pub(crate) enum Kafka {}

#[derive(Debug)]
pub(crate) enum Member {}

#[derive(Debug)]
pub(crate) enum Tail {}

impl Kafka {
    pub(crate) async fn connect(settings: KafkaSettings) -> Result<Self, OpenError> {
        settings.check()?;
        Err(OpenError::Unreachable {
            brokers: settings.brokers,
            source: BrokerError::new("this version cannot speak to Kafka yet"),
        })
    }
    pub(crate) async fn create_topic(&self, _: &Topic, _: &TopicPlan) -> Result<(), TopicError> {
        match *self {}
    }
    pub(crate) async fn describe_topic(&self, _: &Topic) -> Result<TopicFacts, TopicError> {
        match *self {}
    }
    pub(crate) async fn add_partitions(&self, _: &Topic, _: u32) -> Result<(), TopicError> {
        match *self {}
    }
    pub(crate) async fn delete_topic(&self, _: &Topic) -> Result<(), TopicError> {
        match *self {}
    }
    pub(crate) async fn partitions(&self, _: &Topic) -> Result<u32, TopicError> {
        match *self {}
    }
    pub(crate) fn append(&self, _: &Topic, _: &[u8], _: Bytes) -> Result<Receipt, AppendError> {
        match *self {}
    }
    pub(crate) fn append_to(
        &self,
        _: &Topic,
        _: Partition,
        _: &[u8],
        _: Bytes,
    ) -> Result<Receipt, AppendError> {
        match *self {}
    }
    pub(crate) async fn bounds(&self, _: &Topic, _: Partition) -> Result<Bounds, TopicError> {
        match *self {}
    }
    pub(crate) async fn read(
        &self,
        _: &Topic,
        _: Partition,
        _: Offset,
        _: ReadLimit,
    ) -> Result<Vec<Stored>, ReadError> {
        match *self {}
    }
    pub(crate) async fn committed(
        &self,
        _: &str,
        _: &Topic,
        _: Partition,
    ) -> Result<Option<Offset>, TopicError> {
        match *self {}
    }
    pub(crate) async fn join(&self, _: &str, _: &[Topic]) -> Result<Member, TopicError> {
        match *self {}
    }
    pub(crate) async fn forget_group(&self, _: &str) -> Result<(), ForgetError> {
        match *self {}
    }
    pub(crate) async fn tail(&self, _: &Topic) -> Result<Tail, TopicError> {
        match *self {}
    }
    pub(crate) fn stats(&self) -> Stats {
        match *self {}
    }
    pub(crate) async fn failed(&self) -> StorageError {
        match *self {}
    }
    pub(crate) async fn close(self) -> Result<(), CloseError> {
        match self {}
    }
}

impl Member {
    pub(crate) async fn next(&mut self) -> Result<Event, ConsumeError> {
        match *self {}
    }
    pub(crate) fn start(&mut self, _: &Topic, _: Partition, _: Offset) {
        match *self {}
    }
    pub(crate) fn end(&self, _: &Topic, _: Partition) -> Option<Offset> {
        match *self {}
    }
    pub(crate) fn commit(&self, _: &Topic, _: Partition, _: Offset) -> Result<(), ConsumeError> {
        match *self {}
    }
}

impl Tail {
    pub(crate) async fn next(&mut self) -> Result<(Partition, Vec<Stored>), ReadError> {
        match *self {}
    }
}
