//! Observations: facts with frames, gathered before anything is judged.

/// One fact about a connection.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// A stable name (see [`crate::observations::ids`]).
    pub id: &'static str,
    /// The frames that show it.
    pub frames: Vec<u64>,
    /// One or two sentences.
    pub text: String,
    /// Worth telling whatever the verdict: a step of the argument by itself.
    pub telling: bool,
}

/// What was observed, in the order of an argument.
#[derive(Clone, Debug, Default)]
pub struct Observations {
    list: Vec<Observation>,
}

impl Observations {
    /// Adds a fact that only matters where a cause weighs it.
    pub fn add(&mut self, id: &'static str, frames: impl Into<Vec<u64>>, text: impl Into<String>) {
        self.push(id, frames.into(), text.into(), false);
    }

    /// Adds a fact that is told whatever the verdict.
    pub fn tell(&mut self, id: &'static str, frames: impl Into<Vec<u64>>, text: impl Into<String>) {
        self.push(id, frames.into(), text.into(), true);
    }

    fn push(&mut self, id: &'static str, mut frames: Vec<u64>, text: String, telling: bool) {
        frames.retain(|frame| *frame != 0);
        frames.dedup();
        self.list.push(Observation {
            id,
            frames,
            text,
            telling,
        });
    }

    /// Whether something was observed.
    pub fn has(&self, id: &str) -> bool {
        self.get(id).is_some()
    }

    /// The first observation with this name.
    pub fn get(&self, id: &str) -> Option<&Observation> {
        self.list.iter().find(|observation| observation.id == id)
    }

    /// Whether any of these was observed.
    pub fn has_any(&self, ids: &[&str]) -> bool {
        ids.iter().any(|id| self.has(id))
    }

    /// All of them, in the order of an argument.
    pub fn iter(&self) -> impl Iterator<Item = &Observation> {
        self.list.iter()
    }
}
