output "url" {
  description = "URL of the proxy with its context path."
  value       = "${google_cloud_run_v2_service.this.uri}/mj"
}

output "connector" {
  description = "The VPC connector by which it is reached."
  value       = google_vpc_access_connector.this.id
}
