output "url" {
  description = "URL before each function's name."
  value       = local.url
}

output "health_host" {
  description = "The host of the function `health` itself, as Cloud Run gives it."
  value       = trimprefix(google_cloudfunctions2_function.this["health"].service_config[0].uri, "https://")
}

output "names" {
  description = "The functions, once they exist."
  value       = [for function in google_cloudfunctions2_function.this : function.name]
}
