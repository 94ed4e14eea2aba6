output "url" {
  description = "URL before each function's name."
  value       = local.url
}

output "names" {
  description = "The functions, once they exist."
  value       = [for function in google_cloudfunctions2_function.this : function.name]
}
