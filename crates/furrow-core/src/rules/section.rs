//! How a section of thresholds is declared: each with its meaning, its default
//! and its bounds, once.

/// Declares a section: a struct with serde, `Default` and
/// `fault() -> Option<&'static str>`, which names the first value out of its
/// bounds.
macro_rules! section {
    (
        $(#[$doc:meta])*
        $section:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty = $default:expr, in $bounds:expr;)+
        }
        $($(#[$more_doc:meta])* $more:ident: $more_type:ty)*
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $section {
            $($(#[$field_doc])* pub $field: $type,)+
            $($(#[$more_doc])* pub $more: $more_type,)*
        }

        impl Default for $section {
            fn default() -> Self {
                $section { $($field: $default,)+ $($more: Default::default(),)* }
            }
        }

        impl $section {
            /// The first value out of its bounds, if any.
            #[must_use]
            pub fn fault(&self) -> Option<&'static str> {
                $(if !($bounds).contains(&self.$field) {
                    return Some(stringify!($field));
                })+
                None
            }
        }
    };
}

pub(crate) use section;
