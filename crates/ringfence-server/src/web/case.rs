//! Paths whose fixed segments match in any case (vcc-api §1.2).

use axum::http::Uri;
use ringfence_core::path::{CleanPath, PathTemplate};

fn first_segment(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// The URI with the fixed segments of the template it fits, or `None` when it fits none.
pub(crate) fn canonical<'t>(
    uri: &Uri,
    templates: &'t [PathTemplate],
) -> Option<(&'t PathTemplate, Uri)> {
    let path = CleanPath::parse(uri.path()).ok()?;
    // Most calls that come here are an upstream's: nothing of ours even begins like them.
    let first = first_segment(uri.path());
    let begins_alike = |template: &&PathTemplate| {
        let fixed = first_segment(template.as_str());
        fixed.starts_with('{') || first.contains('%') || fixed.eq_ignore_ascii_case(first)
    };
    let template = templates
        .iter()
        .filter(begins_alike)
        .find(|t| t.matches(&path).is_some())?;
    let pick = |(fixed, sent): (&str, &str)| {
        if fixed.starts_with('{') {
            sent.to_owned()
        } else {
            fixed.to_owned()
        }
    };
    let segments = template
        .as_str()
        .split('/')
        .zip(uri.path().split('/'))
        .map(pick)
        .collect::<Vec<_>>();
    let mut target = segments.join("/");
    if let Some(query) = uri.query() {
        target.push('?');
        target.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(target.parse().ok()?);
    Some((template, Uri::from_parts(parts).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_core::path::LetterCase;

    #[test]
    fn fixed_segments_take_the_case_of_the_template_and_the_rest_stays() {
        let template =
            PathTemplate::parse("/stats/interactions/{guid}", LetterCase::Ignored).unwrap();
        let uri: Uri = "/Stats/INTERACTIONS/AbC?Limit=5".parse().unwrap();
        let templates = [template];
        let (_, found) = canonical(&uri, &templates).unwrap();
        assert_eq!(found, "/stats/interactions/AbC?Limit=5");
        let other: Uri = "/stats/other".parse().unwrap();
        assert!(canonical(&other, &templates).is_none());
    }
}
