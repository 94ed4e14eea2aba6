output "database" {
  description = "Name of the database, once it exists and can be asked every query."
  value       = google_firestore_database.this.name

  # The provider waits until an index is built, and so do the functions that ask by it.
  depends_on = [google_firestore_index.this, google_firestore_field.single]
}
