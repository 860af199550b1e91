//! The way from records to judged connections: every kind of input passes through here.

use whyreset_capture::{Record, RecordAt, Timestamp};
use whyreset_connections::{
    Brief, Connection, Engine, EngineConfig, Foreseen, LoneSyn, Neighbours, Placed,
};
use whyreset_exchanges::{Exchanges, KeyLog, Tracker};
use whyreset_frames::{Dissector, Found, Sight};
use whyreset_reports::Judged;
use whyreset_segments::{HostNames, Opening, Quote, Segment, Usual};
use whyreset_verdicts::{judge, observations::ids};

/// Takes records (or segments), gives connections with verdicts.
///
/// It does no I/O and knows no clock but the packets'. Connections become available from
/// [`Analysis::next_judged`] as they end, the rest after [`Analysis::finish`].
#[derive(Debug)]
pub struct Analysis {
    dissector: Dissector,
    engine: Engine<Tracker>,
    keys: KeyLog,
    names: HostNames,
    origin: Option<Timestamp>,
    last_time: Timestamp,
    /// What the capturing device says of frames, at most [`MAX_SAID`].
    said: Vec<(u64, Box<str>)>,
}

/// Words of the capturing device that are kept of one list.
const MAX_SAID: usize = 256;

/// What was seen of a record before it came ([`Analysis::look_at`]): room for it, to be used again and again.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))] // Two lines of memory, and a place is found without a multiplication.
pub struct Ahead {
    /// The segment in it, where it is a usual one; the numbers of one that opens a connection.
    usual: Usual,
    /// Where the segment in it belongs, where it is not odd.
    foreseen: Foreseen,
    shape: Shape,
}

/// What a record is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// It holds a usual segment and nothing else.
    Usual,
    /// It holds a segment that opens a connection, and nothing else.
    Opening,
    /// It holds another segment, and nothing else either.
    Plain,
    /// It has to be taken apart to tell.
    Odd,
}

impl Ahead {
    /// Nothing yet.
    pub const BLANK: Self = Self {
        usual: Usual::BLANK,
        foreseen: Foreseen::NOWHERE,
        shape: Shape::Odd,
    };

    /// Whether [`Analysis::foreseen`] takes the record, and not [`Analysis::record`].
    #[inline]
    pub const fn is_plain(&self) -> bool {
        !matches!(self.shape, Shape::Odd)
    }
}

impl AsMut<Foreseen> for Ahead {
    #[inline]
    fn as_mut(&mut self) -> &mut Foreseen {
        &mut self.foreseen
    }
}

impl Default for Analysis {
    fn default() -> Self {
        Self::new(EngineConfig::default())
    }
}

impl Analysis {
    /// An analysis for verdicts alone: what goes by the book is not looked at packet by packet
    /// ([`EngineConfig::pass_over_orderly`]).
    pub fn of_verdicts() -> Self {
        Self::new(EngineConfig {
            pass_over_orderly: true,
            ..EngineConfig::default()
        })
    }

    /// An analysis that has seen nothing.
    pub fn new(config: EngineConfig) -> Self {
        let keys = KeyLog::default();
        let tracker = Tracker::with_keys(keys.clone());
        Self {
            dissector: Dissector::new(),
            engine: Engine::with_prototype(config, tracker),
            keys,
            names: HostNames::new(),
            origin: None,
            last_time: Timestamp::default(),
            said: Vec::new(),
        }
    }

    /// The capturing device itself says something of this frame: why it dropped the packet, or sent the RST. It is the first
    /// evidence on the frame's connection, and weighs nothing.
    pub fn device_said(&mut self, frame: u64, said: &str) {
        if self.said.len() < MAX_SAID {
            self.said.push((frame, said.into()));
        }
    }

    /// Takes the next record of a capture. `placed` hears of each segment in it, and of each quoted one, that belongs
    /// to a connection.
    pub fn record(&mut self, record: &Record<'_>, mut placed: impl FnMut(Placed)) {
        let time = record.time.unwrap_or(self.last_time);
        self.note_time(time);
        let engine = &mut self.engine;
        engine.clock(time);
        self.dissector.dissect(record, time, &mut |found| {
            let place = match found {
                Found::Segment(segment) => engine.segment(&segment, None),
                Found::Quote(quote) => engine.quote(&quote),
            };
            if let Some(place) = place {
                placed(place);
            }
        });
    }

    /// Looks at a record before it comes. It is `at` this place in what will hold its bytes ([`Analysis::usual`]).
    #[inline(always)]
    pub fn look_at(&mut self, record: &Record<'_>, at: &RecordAt, ahead: &mut Ahead) {
        match whyreset_frames::at_first_sight(record, at.start, &mut ahead.usual) {
            Some(ends) => {
                ahead.shape = Shape::Usual;
                ahead.foreseen = self.engine.locate_v4(&ends);
            }
            None => self.look_again(record.bytes, at, ahead),
        }
    }

    /// Looks at a record that is none of those that most are. It is read again from where it is kept, so that its numbers need not be
    /// at hand until here.
    #[inline(never)]
    fn look_again(&mut self, bytes: &[u8], at: &RecordAt, ahead: &mut Ahead) {
        let record = at.with(bytes);
        match whyreset_frames::opens_at_first_sight(&record, at.start, &mut ahead.usual) {
            Some(ends) => {
                ahead.shape = Shape::Opening;
                ahead.foreseen = self.engine.locate_v4(&ends);
            }
            None => self.look_closely(bytes, at, ahead),
        }
    }

    /// Looks at a record that has to be looked at field by field.
    #[inline(never)]
    fn look_closely(&mut self, bytes: &[u8], at: &RecordAt, ahead: &mut Ahead) {
        let (foreseen, usual) = (&mut ahead.foreseen, &mut ahead.usual);
        let sight = whyreset_frames::at_second_sight(&at.with(bytes), at.start, usual, |ends| {
            *foreseen = self.engine.locate(ends);
        });
        ahead.shape = match sight {
            Some(Sight::Usual) => Shape::Usual,
            Some(Sight::Opening) => Shape::Opening,
            Some(Sight::Other) => Shape::Plain,
            None => {
                ahead.foreseen = Foreseen::NOWHERE;
                Shape::Odd
            }
        };
    }

    /// These records come next, in this order, but the first `come`, which came already: what they lead to is fetched from memory
    /// ([`Engine::foresee`]).
    pub fn foresee(&mut self, soon: &mut [Ahead], come: usize) {
        self.engine.foresee(soon, come);
    }

    /// Takes the next frame of a capture, at which was looked before, where it is the packet to be expected of its connection, or opens
    /// one. `None` where it does not: then nothing has changed, and [`Analysis::foreseen`] takes its record. `holder` holds its bytes.
    #[inline(always)]
    pub fn usual(&mut self, holder: &[u8], ahead: &Ahead) -> Option<Placed> {
        if ahead.shape != Shape::Usual {
            return self.opening(holder, ahead);
        }
        let place = self.engine.usual(&ahead.usual, holder, &ahead.foreseen)?;
        // There is a connection, and so an origin.
        self.last_time = ahead.usual.time;
        Some(place)
    }

    /// The same of one that opens a connection.
    #[inline(never)]
    fn opening(&mut self, holder: &[u8], ahead: &Ahead) -> Option<Placed> {
        if ahead.shape != Shape::Opening {
            return None;
        }
        let opening = Opening::new(&ahead.usual, holder);
        let place = self.engine.opening(&opening, &ahead.foreseen)?;
        self.note_time(ahead.usual.time);
        Some(place)
    }

    /// Takes the next record of a capture, at which was looked before.
    #[inline(never)]
    pub fn foreseen(&mut self, record: &Record<'_>, ahead: &Ahead) -> Option<Placed> {
        let segment = whyreset_frames::plain_segment(record)?;
        self.note_time(segment.time);
        self.engine.foreseen(&segment, &ahead.foreseen)
    }

    fn note_time(&mut self, time: Timestamp) {
        self.last_time = time;
        self.origin.get_or_insert(time);
    }

    /// Takes a segment that came from a list; `told` is the application's line in it.
    pub fn segment(&mut self, segment: &Segment<'_>, told: Option<&str>) -> Option<Placed> {
        self.note_time(segment.time);
        self.engine.segment(segment, told)
    }

    /// A list runs on: it shows a packet of another protocol, captured at this time.
    pub fn clock(&mut self, time: Timestamp) {
        self.engine.clock(time);
    }

    /// Takes an ICMP error that came from a list.
    pub fn quote(&mut self, quote: &Quote<'_>) -> Option<Placed> {
        self.origin.get_or_insert(quote.segment.time);
        self.engine.quote(quote)
    }

    /// TLS secrets, as SSLKEYLOGFILE writes them, for sessions whose data comes later.
    pub fn add_secrets(&mut self, key_log: &[u8]) {
        self.keys.add(key_log);
    }

    /// The names that stand for hosts: those of a pasted list.
    pub fn set_names(&mut self, names: HostNames) {
        self.names = names;
    }

    /// The names that stand for hosts.
    pub const fn names(&self) -> &HostNames {
        &self.names
    }

    /// Time of the first record: what relative times count from.
    pub fn origin(&self) -> Timestamp {
        self.origin.unwrap_or_default()
    }

    /// The input has ended.
    pub fn finish(&mut self) {
        self.engine.finish();
    }

    /// Another list of the same text begins, with a clock and frame numbers of its own. Call it when all connections of the
    /// one before have been taken.
    pub fn begin_list(&mut self) {
        self.engine.begin_again();
        self.origin = None;
        self.last_time = Timestamp::default();
        self.said.clear();
    }

    /// The next connection that is over, where it ended well and can be told in brief; else [`Analysis::next_judged`] has it.
    /// Only an analysis of verdicts tells any so.
    #[inline(always)]
    pub fn next_brief(&mut self) -> Option<Brief<Exchanges>> {
        self.engine.next_in_brief(Tracker::into_exchanges)
    }

    /// Whether any connection waits to be taken, as long as the capture runs ([`Analysis::finish`]).
    #[inline]
    pub fn has_finished(&self) -> bool {
        self.engine.has_finished()
    }

    /// The next connection that is over, with its verdict.
    pub fn next_judged(&mut self) -> Option<Judged> {
        let connection = self.engine.next_finished()?;
        Some(self.judge(connection))
    }

    /// The same, not judged, where nothing was seen of it but one SYN ([`Analysis::judged`] does that).
    pub fn next_lone_syn(&mut self) -> Option<LoneSyn> {
        self.engine.next_lone_syn()
    }

    /// The connection that consists of this SYN, with its verdict.
    pub fn judged(&self, syn: &LoneSyn) -> Judged {
        self.judge(self.engine.in_full(syn))
    }

    fn judge(&self, connection: Connection<Tracker>) -> Judged {
        let connection = connection.map_app(Tracker::into_exchanges);
        let mut verdict = judge(&connection, self.engine.neighbours());
        let told = self.said.iter().rev().find(|(frame, _)| {
            let mut packets = connection.packets.iter();
            packets.any(|packet| packet.frame == *frame)
        });
        if let Some((frame, said)) = told {
            verdict.observed.tell_first(
                ids::DEVICE_SAID,
                [*frame],
                format_args!("The device that captured says of frame {frame}: {said}."),
            );
        }
        Judged {
            connection,
            verdict,
        }
    }

    /// What the capture tells of hosts and listeners.
    pub const fn neighbours(&self) -> &Neighbours {
        self.engine.neighbours()
    }
}
