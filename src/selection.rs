//! Which connections a report is about.

use anyhow::{Context, Result, anyhow, bail};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use whyreset::Judged;
use whyreset::capture::{Span, Timestamp};
use whyreset::connections::{Brief, BySide, LoneSyn};
use whyreset::segments::{Endpoint, HostNames};
use whyreset_filters::Filter;

use whyreset::text::port_of_service;
use whyreset::verdicts::Cause;

use crate::cli::SelectionArgs;

/// A selection that has been read and checked.
#[derive(Debug)]
pub struct Selection {
    stream: Option<u64>,
    filters: Vec<Filter>,
    causes: Vec<Cause>,
    failed: bool,
    since: Option<PointInTime>,
    until: Option<PointInTime>,
}

/// A time as it was given; it needs the capture's first frame to become a point.
#[derive(Clone, Copy, Debug)]
enum PointInTime {
    SinceStart(Span),
    OfDay(Time),
    Absolute(Timestamp),
}

impl Selection {
    /// Reads the arguments.
    ///
    /// # Errors
    /// One line that says which argument cannot be read, and what is expected instead.
    pub fn new(args: &SelectionArgs) -> Result<Self> {
        let mut filters = Vec::new();
        if let Some(host) = &args.host {
            filters.push(filter("--host", &format!("host {host}"))?);
        }
        if let Some(port) = &args.port {
            filters.push(filter("--port", &format!("port {port}"))?);
        }
        if let Some(expression) = &args.filter {
            filters.push(filter("--filter", expression)?);
        }
        Ok(Self {
            stream: args.stream,
            filters,
            causes: args
                .cause
                .iter()
                .map(|id| cause(id))
                .collect::<Result<_>>()?,
            failed: args.failed,
            since: args.since.as_deref().map(point_in_time).transpose()?,
            until: args.until.as_deref().map(point_in_time).transpose()?,
        })
    }

    /// One connection alone was asked for.
    pub const fn is_one_stream(&self) -> bool {
        self.stream.is_some()
    }

    /// Whether the connection is asked for. `origin` is the time of the capture's first frame.
    pub fn takes(&self, judged: &Judged, origin: Timestamp, names: &HostNames) -> bool {
        let (connection, verdict) = (&judged.connection, &judged.verdict);
        self.takes_verdict(verdict.cause, verdict.failed)
            && self.takes_connection(connection.stream, connection.ends, names)
            && self.alive_within(connection.start, connection.end, origin)
    }

    /// Whether a connection that is one SYN may be asked for: [`Selection::takes_verdict`] decides.
    pub fn takes_lone_syn(&self, syn: &LoneSyn, origin: Timestamp, names: &HostNames) -> bool {
        let time = syn.at().time;
        self.takes_connection(syn.stream(), syn.ends(), names)
            && self.alive_within(time, time, origin)
    }

    /// The same of one that is told in brief: nothing went wrong with it.
    pub fn takes_brief<X>(
        &self,
        connection: &Brief<X>,
        origin: Timestamp,
        names: &HostNames,
    ) -> bool {
        self.takes_verdict(Cause::None, false)
            && self.takes_connection(connection.stream, connection.ends, names)
            && self.alive_within(connection.start, connection.end, origin)
    }

    /// Whether connections with this verdict are asked for.
    pub fn takes_verdict(&self, cause: Cause, failed: bool) -> bool {
        (!self.failed || failed) && (self.causes.is_empty() || self.causes.contains(&cause))
    }

    fn takes_connection(&self, stream: u64, ends: BySide<Endpoint>, names: &HostNames) -> bool {
        self.stream.is_none_or(|asked| asked == stream)
            && self
                .filters
                .iter()
                .all(|filter| filter.matches_connection(ends.client, ends.server, names))
    }

    fn alive_within(&self, start: Timestamp, end: Timestamp, origin: Timestamp) -> bool {
        self.since.is_none_or(|since| end >= since.at(origin))
            && self.until.is_none_or(|until| start <= until.at(origin))
    }
}

impl PointInTime {
    /// The point itself, in a capture that begins at `origin`.
    fn at(self, origin: Timestamp) -> Timestamp {
        match self {
            Self::SinceStart(span) => origin + span,
            Self::Absolute(time) => time,
            Self::OfDay(time) => on_day_of(origin, time).unwrap_or(origin),
        }
    }
}

fn on_day_of(origin: Timestamp, time: Time) -> Option<Timestamp> {
    let origin = jiff::Timestamp::from_nanosecond(i128::from(origin.nanos())).ok()?;
    let day: Date = origin.to_zoned(TimeZone::UTC).date();
    timestamp(DateTime::from_parts(day, time))
}

fn timestamp(time: DateTime) -> Option<Timestamp> {
    let nanos = time
        .to_zoned(TimeZone::UTC)
        .ok()?
        .timestamp()
        .as_nanosecond();
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

fn filter(argument: &str, expression: &str) -> Result<Filter> {
    Filter::parse(expression, port_of_service)
        .map_err(|error| anyhow!("{argument} `{expression}` cannot be read: {error}"))
}

/// The cause that an argument names.
///
/// # Errors
/// One line that says where the causes are listed.
pub fn cause(id: &str) -> Result<Cause> {
    Cause::from_id(id).with_context(|| format!("`{id}` is no cause: `whyreset causes` lists them"))
}

fn point_in_time(text: &str) -> Result<PointInTime> {
    if let Ok(seconds) = text
        .trim_start_matches('+')
        .trim_end_matches('s')
        .parse::<f64>()
        && seconds.is_finite()
    {
        return Ok(PointInTime::SinceStart(Span::from_nanos(
            (seconds * 1e9) as i64,
        )));
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>()
        && let Ok(nanos) = i64::try_from(time.as_nanosecond())
    {
        return Ok(PointInTime::Absolute(Timestamp::from_nanos(nanos)));
    }
    if let Ok(time) = text.parse::<Time>() {
        return Ok(PointInTime::OfDay(time));
    }
    if let Ok(time) = text.parse::<DateTime>()
        && let Some(time) = timestamp(time)
    {
        return Ok(PointInTime::Absolute(time));
    }
    bail!(
        "`{text}` is no time: give seconds from the start (12.5), a time of day in UTC (17:30:01) or a date and time (2014-01-04T17:30:01Z)"
    )
}
