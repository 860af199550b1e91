//! Link, network and tunnel layers: from records to TCP segments.
