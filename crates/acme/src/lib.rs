//! An ACME client behind one trait: instant-acme, and signed requests of our own for what it lacks.
