//! Why did this TCP connection end, who ended it, and how do we know?
