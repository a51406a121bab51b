//! From a key to a partition, the same for every backend: Kafka's default partitioner, so that a
//! log moved between backends keeps a session in its partition.

use crate::Partition;

const MIX: u32 = 0x5bd1_e995;
const SHIFT: u32 = 24;
const SEED: u32 = 0x9747_b28c;

/// The partition of `partitions` that `key` belongs to.
pub(crate) fn partition(key: &[u8], partitions: u32) -> Partition {
    Partition((murmur2(key) & 0x7fff_ffff) % partitions)
}

/// MurmurHash2 in 32 bits with Kafka's seed (Austin Appleby's function, little-endian words).
fn murmur2(data: &[u8]) -> u32 {
    let length = u32::try_from(data.len()).expect("a record's key is shorter than 4 GiB");
    let mut hash = SEED ^ length;
    let (words, rest) = data.as_chunks::<4>();
    for word in words {
        let mut k = u32::from_le_bytes(*word).wrapping_mul(MIX);
        k ^= k >> SHIFT;
        hash = hash.wrapping_mul(MIX) ^ k.wrapping_mul(MIX);
    }
    if !rest.is_empty() {
        for (place, byte) in rest.iter().enumerate() {
            hash ^= u32::from(*byte) << (8 * place);
        }
        hash = hash.wrapping_mul(MIX);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MIX);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_that_kafka_publishes() {
        let known: [(&[u8], i32); 6] = [
            (b"21", -973_932_308),
            (b"foobar", -790_332_482),
            (b"a-little-bit-long-string", -985_981_536),
            (b"a-little-bit-longer-string", -1_486_304_829),
            (
                b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8",
                -58_897_971,
            ),
            (b"abc", 479_470_107),
        ];
        for (key, hash) in known {
            assert_eq!(murmur2(key).cast_signed(), hash, "{key:?}");
        }
    }

    #[test]
    fn a_negative_hash_loses_its_sign_before_it_is_divided() {
        assert_eq!(
            partition(b"21", 8),
            Partition((-973_932_308_i32 & i32::MAX) as u32 % 8)
        );
    }

    #[test]
    fn many_keys_reach_every_partition() {
        let mut hit = [0_u32; 8];
        for key in 0..8_000_u32 {
            hit[partition(&key.to_be_bytes(), 8).0 as usize] += 1;
        }
        assert!(hit.iter().all(|&count| count > 700), "{hit:?}");
    }
}
