//! Mid-ranks: equal values share the mean of the ranks that they take up.

/// Ranks from 1, smallest first.
pub(crate) fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut begin = 0;
    for tie in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = begin as f64 + f64::midpoint(1.0, tie.len() as f64);
        for &index in tie {
            ranks[index] = rank;
        }
        begin += tie.len();
    }
    ranks
}

/// Spearman's rank correlation with ties, −1 to 1. None where one side does
/// not vary, or of fewer than 3 pairs.
///
/// # Panics
///
/// When there are not as many of one as of the other.
#[must_use]
pub fn rank_correlation(first: &[f64], second: &[f64]) -> Option<f64> {
    assert_eq!(first.len(), second.len(), "values come in pairs");
    if first.len() < 3 {
        return None;
    }
    let (first, second) = (mid_ranks(first), mid_ranks(second));
    let mean = f64::midpoint(1.0, first.len() as f64);
    let product = |a: &[f64], b: &[f64]| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum()
    };
    let variation = product(&first, &first) * product(&second, &second);
    (variation > 0.0).then(|| product(&first, &second) / variation.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        assert_eq!(mid_ranks(&[2.0, 1.0, 2.0, 5.0]), [2.5, 1.0, 2.5, 4.0]);
        assert_eq!(mid_ranks(&[0.0, -0.0]), [1.5, 1.5]);
        assert!(mid_ranks(&[]).is_empty());
    }

    #[test]
    fn a_rising_curve_correlates_fully_and_a_falling_one_reversed() {
        let x = [1.0, 2.0, 3.0, 4.0];
        assert_eq!(rank_correlation(&x, &[1.0, 8.0, 27.0, 64.0]), Some(1.0));
        assert_eq!(rank_correlation(&x, &[4.0, 3.0, 2.0, 1.0]), Some(-1.0));
    }

    #[test]
    fn with_ties_it_is_the_correlation_of_the_mid_ranks() {
        // Ranks 1, 2.5, 2.5, 4 and 1, 2, 3, 4: 4.5 / √(4.5 · 5).
        let rho = rank_correlation(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
        assert!((rho - 4.5 / 22.5_f64.sqrt()).abs() < 1e-12, "{rho}");
    }

    #[test]
    fn what_does_not_vary_correlates_with_nothing() {
        assert_eq!(
            rank_correlation(&[1.0; 5], &[1.0, 2.0, 3.0, 4.0, 5.0]),
            None
        );
    }
}
