output "ids" {
  description = "Secret ids by environment variable, once they exist."
  value       = { for name, secret in google_secret_manager_secret.this : name => secret.secret_id }
}
