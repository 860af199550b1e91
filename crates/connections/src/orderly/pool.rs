//! Orderly connections side by side: with thousands of them open, what each packet touches first lies in few pages of memory.

/// All that are open. There are as many places (of 128 bytes) as connections were ever open at once; they are used again.
#[derive(Debug)]
pub(crate) struct Pool<T> {
    places: Vec<Option<T>>,
    free: Vec<Place>,
}

/// Where a connection is in its [`Pool`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(u32);

impl Place {
    /// The place of no connection.
    pub(crate) const NOWHERE: Self = Self(u32::MAX);
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Pool<T> {
    /// Takes a connection in; `None` where there are more than can be counted.
    #[inline(always)]
    pub(crate) fn add(&mut self, connection: T) -> Option<Place> {
        if let Some(free) = self.free.pop() {
            *self.place_mut(free)? = Some(connection);
            return Some(free);
        }
        let place = Place(u32::try_from(self.places.len()).ok()?);
        self.places.push(Some(connection));
        Some(place)
    }

    /// How many connections there are, those that are over among them.
    pub(crate) const fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// The connection in a place.
    #[inline(always)]
    pub(crate) fn get(&self, place: Place) -> Option<&T> {
        self.places.get(place.0 as usize)?.as_ref()
    }

    /// The connection in a place.
    #[inline(always)]
    pub(crate) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.place_mut(place)?.as_mut()
    }

    /// Lets a connection go.
    pub(crate) fn take(&mut self, place: Place) -> Option<T> {
        let connection = self.place_mut(place)?.take()?;
        self.free.push(place);
        Some(connection)
    }

    /// Asks for the connection in a place.
    #[inline(always)]
    pub(crate) fn fetch(&self, place: Place) {
        if let Some(connection) = self.places.get(place.0 as usize) {
            whyreset_prefetch::fetch_all(connection);
        }
    }

    #[inline(always)]
    fn place_mut(&mut self, place: Place) -> Option<&mut Option<T>> {
        self.places.get_mut(place.0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_free_is_used_again() {
        let mut pool = Pool::default();
        let places: Vec<_> = (0..9).filter_map(|it| pool.add(it)).collect();
        assert_eq!(pool.take(places[4]), Some(4));
        assert_eq!(pool.take(places[4]), None);
        assert_eq!(pool.get(places[4]), None);
        let again = pool.add(20).unwrap();
        *pool.get_mut(again).unwrap() += 1;
        assert_eq!(pool.get(places[4]), Some(&21));
        assert_eq!(pool.get(places[8]), Some(&8));
        assert_eq!(pool.places.len(), 9);
        pool.fetch(again);
    }
}
