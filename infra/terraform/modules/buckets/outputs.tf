output "pictures" {
  description = "Name of the bucket for the pictures, once it exists."
  value       = google_storage_bucket.pictures.name
}

output "sources" {
  description = "Bucket and object of each source archive."
  value = {
    for name, object in google_storage_bucket_object.source :
    name => { bucket = object.bucket, object = object.name }
  }
}
