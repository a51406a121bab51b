//! A report as tables of Markdown.

use crate::auc::Difference;
use crate::effect::Effect;
use crate::interval::{Interval, Rate};
use crate::report::{Group, Margin, Report, Row};

/// What stands where the data allow no figure.
const NONE: &str = "–";

/// The report under a heading of its own.
#[must_use]
pub fn markdown(title: &str, report: &Report) -> String {
    let mut text = format!(
        "### {title}\n\n{} sessions of {} people, {} of whom were frustrated in one session and \
         calm in another.\n{} sessions were frustrated ({} unscored), {} calm ({} unscored). \
         A score alarms at {:.1}, a\nsignal or a rule when it fires. Brackets are 95 % \
         intervals.\n",
        report.frustrated.sessions + report.calm.sessions,
        report.persons,
        report.persons_in_both_states,
        report.frustrated.sessions,
        report.frustrated.unscored,
        report.calm.sessions,
        report.calm.unscored,
        report.alarm_at,
    );
    for &group in Group::ALL {
        let rows = report.rows.iter().filter(|row| row.group == group);
        let lines: String = rows.map(row).collect();
        if !lines.is_empty() {
            text += &format!(
                "\n| {} | AUC | false alarms | detected | within persons, d_z | persons | \
                 between persons, d | ρ |\n|---|---|---|---|---|---|---|---|\n{lines}",
                group.name()
            );
        }
    }
    if !report.margins.is_empty() {
        let lines: String = report.margins.iter().map(margin).collect();
        text += &format!(
            "\n| frustration against | difference of the AUCs | z | p | margin outside the \
             interval |\n|---|---|---|---|---|\n{lines}"
        );
    }
    text
}

fn row(row: &Row) -> String {
    let effect = |effect: Option<Effect>| or_none(effect, |e| figure(e.d, e.interval, 2));
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {} |\n",
        row.name,
        or_none(row.auc, |auc| figure(auc.value, auc.interval, 3)),
        or_none(row.false_alarms, rate),
        or_none(row.detections, rate),
        effect(row.within),
        or_none(row.within, |e| e.persons.to_string()),
        effect(row.between),
        or_none(row.rank_correlation, |rho| number(rho, 2)),
    )
}

fn margin(margin: &Margin) -> String {
    let Difference {
        value,
        interval,
        z,
        p,
    } = margin.difference;
    let outside = if margin.is_outside_the_interval() {
        "yes"
    } else {
        "no"
    };
    format!(
        "| {} | {} | {} | {} | {outside} |\n",
        margin.against,
        figure(value, interval, 3),
        or_none(z, |z| number(z, 1)),
        or_none(p, |p| if p < 0.001 {
            "< 0.001".to_owned()
        } else {
            number(p, 3)
        }),
    )
}

fn rate(rate: Rate) -> String {
    let percent = |share: f64| number(100.0 * share, 1);
    let Interval { low, high } = rate.interval;
    format!(
        "{} % [{}, {}]",
        percent(rate.share()),
        percent(low),
        percent(high)
    )
}

fn figure(value: f64, interval: Interval, digits: usize) -> String {
    let part = |value| number(value, digits);
    format!(
        "{} [{}, {}]",
        part(value),
        part(interval.low),
        part(interval.high)
    )
}

/// With a proper minus, and none before what rounds to 0.
fn number(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.contains(|c: char| ('1'..='9').contains(&c)) => format!("−{rest}"),
        Some(rest) => rest.to_owned(),
        None => text,
    }
}

fn or_none<T>(value: Option<T>, text: impl Fn(T) -> String) -> String {
    value.map_or_else(|| NONE.to_owned(), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auc::Auc;
    use crate::report::Part;

    #[test]
    fn numbers_have_a_proper_minus_and_zero_has_none() {
        assert_eq!(number(-0.25, 2), "−0.25");
        assert_eq!(number(-0.001, 2), "0.00");
        assert_eq!(number(1.0, 1), "1.0");
    }

    #[test]
    fn a_report_reads_as_its_tables() {
        let interval = Interval {
            low: -0.1,
            high: 0.95,
        };
        let row = |group, name: &str| Row {
            group,
            name: name.into(),
            auc: Some(Auc {
                value: 0.9,
                standard_error: 0.1,
                interval,
            }),
            false_alarms: None,
            detections: None,
            within: Some(Effect {
                d: -0.5,
                interval,
                persons: 7,
            }),
            between: None,
            rank_correlation: Some(0.25),
        };
        let report = Report {
            frustrated: Part {
                sessions: 3,
                unscored: 1,
            },
            calm: Part {
                sessions: 4,
                unscored: 0,
            },
            persons: 6,
            persons_in_both_states: 1,
            alarm_at: 3.0,
            rows: vec![row(Group::Score, "frustration"), row(Group::Peer, "Theirs")],
            margins: vec![Margin {
                against: "Theirs".into(),
                difference: Difference {
                    value: 0.2,
                    interval,
                    z: Some(4.0),
                    p: Some(0.000_06),
                },
            }],
        };
        let expected = "\
### Seed 1

7 sessions of 6 people, 1 of whom were frustrated in one session and calm in another.
3 sessions were frustrated (1 unscored), 4 calm (0 unscored). A score alarms at 3.0, a
signal or a rule when it fires. Brackets are 95 % intervals.

| score | AUC | false alarms | detected | within persons, d_z | persons | between persons, d | ρ |
|---|---|---|---|---|---|---|---|
| frustration | 0.900 [−0.100, 0.950] | – | – | −0.50 [−0.10, 0.95] | 7 | – | 0.25 |

| peer | AUC | false alarms | detected | within persons, d_z | persons | between persons, d | ρ |
|---|---|---|---|---|---|---|---|
| Theirs | 0.900 [−0.100, 0.950] | – | – | −0.50 [−0.10, 0.95] | 7 | – | 0.25 |

| frustration against | difference of the AUCs | z | p | margin outside the interval |
|---|---|---|---|---|
| Theirs | 0.200 [−0.100, 0.950] | 4.0 | < 0.001 | no |
";
        assert_eq!(markdown("Seed 1", &report), expected);
    }
}
