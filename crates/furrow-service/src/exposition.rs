//! Reads what `/metrics` says.

/// One sample: a name with its labels, and a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// With the suffix of its kind, such as `_total`.
    pub name: String,
    /// In the order in which they stand there.
    pub labels: Vec<(String, String)>,
    /// In the metric's unit.
    pub value: f64,
}

impl Sample {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        let label = self.labels.iter().find(|(label, _)| label == name);
        label.map(|(_, value)| value.as_str())
    }
}

/// The samples of a text in the OpenMetrics format; lines that are none are
/// left out.
#[must_use]
pub fn samples(text: &str) -> Vec<Sample> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(sample).collect()
}

fn sample(line: &str) -> Option<Sample> {
    let name_end = line.find(['{', ' '])?;
    let (name, mut rest) = line.split_at(name_end);
    let mut labels = Vec::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            rest = rest.trim_start_matches(',');
            if let Some(after) = rest.strip_prefix('}') {
                rest = after;
                break;
            }
            let (label, after) = rest.split_once("=\"")?;
            let (value, after) = quoted(after)?;
            labels.push((label.to_owned(), value));
            rest = after;
        }
    }
    Some(Sample {
        name: name.to_owned(),
        labels,
        value: rest.split_whitespace().next()?.parse().ok()?,
    })
}

/// The text up to the closing quotation mark, and what follows that.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<Sample> {
        let mut samples = samples(line).into_iter();
        let sample = samples.next()?;
        assert_eq!(samples.next(), None);
        Some(sample)
    }

    #[test]
    fn a_sample_is_a_name_its_labels_and_a_value() {
        let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        for (line, name, labels, value) in [
            ("a 1", "a", vec![], 1.0),
            ("a{} 0.25", "a", vec![], 0.25),
            (r#"a_total{x="1"} 3"#, "a_total", vec![label("x", "1")], 3.0),
            (
                r#"a{x="a,b}",y="say \"so\"\n\\"} -2 1700.5"#,
                "a",
                vec![label("x", "a,b}"), label("y", "say \"so\"\n\\")],
                -2.0,
            ),
        ] {
            let name = name.to_owned();
            let expected = Sample {
                name,
                labels,
                value,
            };
            assert_eq!(read(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn what_is_no_sample_is_left_out() {
        for line in [
            "# HELP a Of b",
            "# EOF",
            "",
            "a",
            "a{",
            "a{x=\"1} 2",
            "a nothing",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn what_this_process_says_reads_back() {
        use prometheus_client::metrics::counter::Counter;
        use prometheus_client::metrics::family::Family;
        let counted = Family::<[(&str, &str); 1], Counter>::default();
        let mut registry = prometheus_client::registry::Registry::default();
        registry.register("furrow_things", "Things \"seen\"", counted.clone());
        counted.get_or_create(&[("kind", "a \"b\" \\")]).inc_by(7);
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &registry).expect("encodes");
        let samples = samples(&text);
        assert_eq!(samples.len(), 1, "{text}");
        assert_eq!(samples[0].name, "furrow_things_total");
        assert_eq!(samples[0].label("kind"), Some("a \"b\" \\"));
        assert_eq!(samples[0].value, 7.0);
    }
}
