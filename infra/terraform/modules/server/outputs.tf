output "functions_url" {
  description = "URL before each function's name."
  value       = module.functions.url
}

output "pictures_bucket" {
  description = "Bucket for the pictures, to be linked to Firebase once."
  value       = module.buckets.pictures
}
