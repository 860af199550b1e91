//! Orderly connections side by side: with thousands of them open, what each packet touches first lies in few pages of memory.

use super::Orderly;

/// All that are open.
#[derive(Debug)]
pub(crate) struct Pool<X> {
    places: Vec<Option<Orderly<X>>>,
    free: Vec<Place>,
}

/// Where a connection is in its [`Pool`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(u32);

impl<X> Default for Pool<X> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<X> Pool<X> {
    /// Takes a connection in; `None` where there are more than can be counted.
    pub(crate) fn add(&mut self, orderly: Orderly<X>) -> Option<Place> {
        if let Some(free) = self.free.pop() {
            *self.place_mut(free)? = Some(orderly);
            return Some(free);
        }
        let place = Place(u32::try_from(self.places.len()).ok()?);
        self.places.push(Some(orderly));
        Some(place)
    }

    /// The connection in a place.
    #[inline(always)]
    pub(crate) fn get(&self, place: Place) -> Option<&Orderly<X>> {
        self.places.get(place.0 as usize)?.as_ref()
    }

    /// The connection in a place.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut Orderly<X>> {
        self.place_mut(place)?.as_mut()
    }

    /// Lets a connection go.
    pub(crate) fn take(&mut self, place: Place) -> Option<Orderly<X>> {
        let orderly = self.place_mut(place)?.take()?;
        self.free.push(place);
        Some(orderly)
    }

    /// Asks for the connection in a place.
    #[inline(always)]
    pub(crate) fn fetch(&self, place: Place) {
        if let Some(orderly) = self.places.get(place.0 as usize) {
            whyreset_prefetch::fetch_all(orderly);
        }
    }

    #[inline(always)]
    fn place_mut(&mut self, place: Place) -> Option<&mut Option<Orderly<X>>> {
        self.places.get_mut(place.0 as usize)
    }
}
