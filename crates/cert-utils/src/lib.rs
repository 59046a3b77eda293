//! Puts certificates where they are used: Java keystores and Routes.
