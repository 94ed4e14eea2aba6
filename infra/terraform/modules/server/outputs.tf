output "functions_url" {
  description = "URL before each function's name."
  value       = module.functions.url
}

output "pictures_bucket" {
  description = "Bucket for the pictures; deploying links it to Firebase."
  value       = module.buckets.pictures
}
