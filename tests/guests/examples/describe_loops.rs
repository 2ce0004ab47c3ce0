//! Never says what it is.
hyhost_guests::only_describes!(hyhost_guests::spin());
