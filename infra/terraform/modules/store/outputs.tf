output "database" {
  description = "Name of the database, once it exists."
  value       = google_firestore_database.this.name
}
