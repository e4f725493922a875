//! The directory of service points that a station keeps for this home: checked, kept over restarts, and laid over the
//! configuration.
//!
//! Its points are the circle while it is in force; what the configuration says about a point of the same id still holds:
//! minutes that somebody measured, and channels. A directory that cannot be used is refused in words, and the circle stays as
//! it was: a home is never left without one.

use super::Gateway;
use super::plan::Plan;
use crate::clock::Reading;
use crate::engine::circle::Point;
use crate::model::ids::{ChannelName, PointId};
use crate::model::status::DirectoryStatus;
use crate::model::time::Span;
use crate::store::{Written, kept};
use crate::wire::{Directory, Listed, Wire};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc;

/// What stands of a directory.
#[derive(Debug, Default)]
pub struct Standing {
    /// The newest one that could be used.
    pub newest: Option<Directory>,
    /// The version of it that is asked by.
    pub in_force: Option<u64>,
    /// Why a later one could not be.
    pub refused: Option<String>,
}

impl Standing {
    /// What was kept by an earlier run.
    pub fn kept(plan: &Plan) -> Standing {
        let bytes = match std::fs::read(path(&plan.state_dir)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Standing::default(),
            Err(error) => return Standing::lost(&error.to_string()),
        };
        match Directory::from_bytes(&bytes) {
            Ok(newest) => Standing { newest: Some(newest), ..Standing::default() },
            Err(error) => Standing::lost(&error.to_string()),
        }
    }

    fn lost(why: &str) -> Standing {
        Standing { refused: Some(format!("the one that was kept cannot be read: {why}")), ..Standing::default() }
    }

    /// The configuration with the directory laid over it, if one is wanted and can still be used.
    pub fn laid_over(&mut self, plan: Plan) -> Plan {
        self.in_force = None;
        let Some(newest) = self.newest.as_ref().filter(|newest| is_wanted(&plan, newest)) else { return plan };
        match laid_over(&plan, newest) {
            Ok(plan) => {
                self.in_force = Some(newest.version);
                plan
            }
            Err(why) => {
                tracing::error!(
                    why,
                    version = newest.version,
                    "the directory of points does not fit this configuration"
                );
                self.refused = Some(why);
                plan
            }
        }
    }

    /// The one that `said` must be newer than. Where it was kept and could not be taken over, it is said again and tried again.
    fn before(&self, said: &Directory) -> Option<&Directory> {
        self.newest.as_ref().filter(|newest| *newest != said || self.in_force == Some(newest.version))
    }

    /// For people who ask at the machine.
    pub fn status(&self, plan: &Plan) -> Option<DirectoryStatus> {
        let from = plan.directory.from.clone()?;
        Some(DirectoryStatus { from, version: self.in_force, refused: self.refused.clone() })
    }
}

impl Gateway {
    /// A station says which points there are.
    pub(super) async fn take_directory(
        &mut self,
        now: Reading,
        said: Directory,
        written: &mut mpsc::UnboundedReceiver<Written>,
    ) {
        let plan = match judged(&self.base, self.directory.before(&said), &said) {
            Ok(Some(plan)) => plan,
            Ok(None) => {
                self.directory.refused = None;
                return;
            }
            Err(why) => {
                tracing::warn!(why, version = said.version, "a directory of points was refused; the circle stays");
                self.directory.refused = Some(why);
                return;
            }
        };
        if let Err(error) = keep(&self.base.state_dir, &said) {
            tracing::warn!(%error, "the directory of points is in force, but cannot be kept over a restart");
        }
        let version = said.version;
        (self.directory.newest, self.directory.refused) = (Some(said), None);
        if self.take_over(now, plan, written).await {
            self.directory.in_force = Some(version);
            tracing::info!(version, points = self.plan.circle.points.len(), "another directory of points is in force");
        } else {
            self.directory.refused = self.config_fault.clone();
        }
    }
}

/// The configuration with this directory laid over it; `None` if it is in force already; or why it cannot be used.
fn judged(base: &Plan, before: Option<&Directory>, said: &Directory) -> Result<Option<Plan>, String> {
    let Some(from) = &base.directory.from else {
        return Err("the configuration has no directory_from: its own points are the circle".to_owned());
    };
    if said.point != *from {
        return Err(format!("{} says it, and directory_from is {from}", said.point));
    }
    match before.filter(|before| before.point == said.point) {
        Some(before) if before == said => return Ok(None),
        Some(before) if before.version > said.version => {
            return Err(format!("its version {} is older than {}, which is in force", said.version, before.version));
        }
        Some(before) if before.version == said.version => {
            return Err(format!("its version {} is in force with other points", said.version));
        }
        Some(_) | None => {}
    }
    laid_over(base, said).map(Some)
}

fn is_wanted(plan: &Plan, directory: &Directory) -> bool {
    plan.directory.from.as_ref() == Some(&directory.point) && plan.home.id == directory.home
}

fn laid_over(base: &Plan, directory: &Directory) -> Result<Plan, String> {
    if directory.points.is_empty() {
        return Err("it has no points".to_owned());
    }
    if directory.points.len() > POINTS_MAX {
        return Err(format!("it has {} points, and at most {POINTS_MAX} are taken", directory.points.len()));
    }
    let mut points: Vec<Point> = Vec::new();
    for listed in &directory.points {
        if points.iter().any(|point| point.id == listed.id) {
            return Err(format!("it has two points \"{}\"", listed.id));
        }
        if base.circle.people.iter().any(|person| person.id == listed.id) {
            return Err(format!("its point \"{}\" has the id of a person of this configuration", listed.id));
        }
        points.push(point(base, listed, &directory.point)?);
    }
    let mut plan = base.clone();
    plan.circle.points = points;
    plan.hash = format!("{}.{}", base.hash, directory.version);
    plan.lead_out();
    Ok(plan)
}

fn point(base: &Plan, listed: &Listed, from: &PointId) -> Result<Point, String> {
    let own = base.circle.points.iter().find(|point| point.id == listed.id);
    let measured = own.filter(|own| base.directory.measured.contains(&own.id)).map(|own| own.travel);
    let listed_travel = listed.travel_secs.map(|secs| Span::seconds(secs.into()));
    let estimated = || {
        let (home, there) = (base.directory.location?, listed.location?);
        Some(base.directory.estimate.time(listed.by?, there, home))
    };
    let travel = measured.or(listed_travel).or_else(estimated).or_else(|| own.map(|own| own.travel));
    let travel = travel.ok_or_else(|| {
        format!(
            "how long \"{}\" needs to the door is not known: it says no minutes, and from a location and a way they are \
             estimated only where [home] has a location too",
            listed.id
        )
    })?;
    if !(Span::seconds(1)..=TRAVEL_MAX).contains(&travel) {
        return Err(format!("\"{}\" is {} hours away", listed.id, travel.num_hours()));
    }
    Ok(Point {
        id: listed.id.clone(),
        name: crate::text::shown(&listed.name, NAME_LENGTH_MAX),
        travel,
        on_duty: listed.on_duty.clone(),
        channels: channels(base, listed, own, from)?,
    })
}

/// The configuration's first, because a technician tried them; then those of the directory that are known here.
fn channels(base: &Plan, listed: &Listed, own: Option<&Point>, from: &PointId) -> Result<Vec<ChannelName>, String> {
    let is_known = |name: &&ChannelName| base.can_tell(name, &listed.id);
    let mut channels: Vec<ChannelName> = own.map(|own| own.channels.clone()).unwrap_or_default();
    for name in listed.channels.iter().filter(is_known) {
        if !channels.contains(name) {
            channels.push(name.clone());
        }
    }
    if channels.is_empty() {
        let of_the_station = base.circle.points.iter().find(|point| point.id == *from);
        // Only the ways through a broker carry a name: a modem's or a robot's message would reach the wrong people.
        let through_brokers = of_the_station.into_iter().flat_map(|point| &point.channels);
        channels.extend(through_brokers.filter(|name| base.leads_anywhere(name)).cloned());
    }
    if channels.is_empty() {
        return Err(format!("\"{}\" cannot be told anything: no channel of this configuration leads there", listed.id));
    }
    Ok(channels)
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("directory.json")
}

fn keep(state_dir: &Path, directory: &Directory) -> std::io::Result<()> {
    kept::put(&path(state_dir), &directory.to_bytes())
}

/// A circle of more is a list of a city.
const POINTS_MAX: usize = 64;
const TRAVEL_MAX: Span = Span::hours(12);
const NAME_LENGTH_MAX: usize = 80;

#[cfg(test)]
mod tests;
