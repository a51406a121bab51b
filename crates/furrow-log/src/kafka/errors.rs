//! What the brokers' answers mean for whoever asked.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::{BrokerError, StorageError};

/// Whether asking again may be answered otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hope {
    /// A broker is away, restarts or changes leaders.
    Again,
    /// There is no such topic or partition.
    Unknown,
    /// The answer will be the same.
    None,
}

/// What an error leaves to hope for. Whatever is not known to be final heals: brokers come back,
/// leaders are elected, certificates are replaced.
pub(super) fn hope(error: &KafkaError) -> Hope {
    match code(error) {
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) => {
            Hope::Unknown
        }
        Some(code) if is_final(code) => Hope::None,
        Some(_) => Hope::Again,
        // Without a code the library was called in a way that it refuses.
        None => Hope::None,
    }
}

/// The code of an error, whatever it was that failed.
pub(super) fn code(error: &KafkaError) -> Option<Code> {
    match error {
        KafkaError::AdminOp(code) => Some(*code),
        other => other.rdkafka_error_code(),
    }
}

fn is_final(code: Code) -> bool {
    matches!(
        code,
        Code::Fatal
            | Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::InvalidTopic
            | Code::InvalidGroupId
            | Code::InvalidArgument
            | Code::InvalidConfig
            | Code::InvalidPartitions
            | Code::InvalidReplicationFactor
            | Code::InconsistentGroupProtocol
            | Code::PolicyViolation
            | Code::UnsupportedVersion
            | Code::UnsupportedFeature
            | Code::FencedInstanceId
    )
}

/// Whether a broker that answers this refuses the record itself.
pub(super) fn refuses_record(code: Code) -> bool {
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::InvalidTopic
            | Code::InvalidRecord
            | Code::InvalidTimestamp
            | Code::MessageSizeTooLarge
            | Code::MessageBatchTooLarge
            | Code::PolicyViolation
            | Code::UnsupportedForMessageFormat
    )
}

/// Whether a commit that was answered so is worth another attempt.
pub(super) fn may_commit_later(code: Code) -> bool {
    !matches!(
        code,
        Code::IllegalGeneration
            | Code::UnknownMemberId
            | Code::FencedMemberEpoch
            | Code::FencedInstanceId
            | Code::GroupAuthorizationFailed
            | Code::TopicAuthorizationFailed
            | Code::InvalidCommitOffsetSize
            | Code::OffsetMetadataTooLarge
            | Code::UnknownTopicOrPartition
            | Code::UnknownGroup
            | Code::Fatal
    )
}

pub(super) fn told(error: &KafkaError) -> BrokerError {
    BrokerError::new(error.to_string())
}

/// The brokers no longer take what this process sends.
pub(super) fn fatal(reason: &str) -> StorageError {
    StorageError::new(format!("the Kafka producer cannot go on: {reason}"))
}
