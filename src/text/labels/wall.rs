//! Words of the television on the wall.

pub(super) const LABELS: &[(&str, &str, &str)] =
    &[("wall_page", "大屏", "Wall screen"), ("wall_others", "另有", "Further alerts")];
