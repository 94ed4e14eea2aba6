output "names" {
  description = "The queues, each by its name, once it exists."
  value       = { for name, queue in google_cloud_tasks_queue.this : name => queue.name }
}
