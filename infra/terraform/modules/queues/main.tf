# The Cloud Tasks queues of infra/queues.json, which the local stack and the tests read, too.

locals {
  queues = jsondecode(file("${path.module}/../../../queues.json"))
}

resource "google_cloud_tasks_queue" "this" {
  for_each = local.queues

  project  = var.project
  location = var.region
  name     = each.key

  rate_limits {
    max_dispatches_per_second = each.value.maxDispatchesPerSecond
    # What the instances can't take, Cloud Run answers with 429, and each answer is an attempt.
    max_concurrent_dispatches = min(each.value.maxConcurrentDispatches, var.most_at_once[each.value.function])
  }

  retry_config {
    # No max_retry_duration: with it, a task is dropped only once both limits are reached, and the
    # code counts attempts to know its last one.
    max_attempts = each.value.maxAttempts
    # As the API writes durations: else each plan would change "0.200s" to "0.2s".
    min_backoff   = format(floor(each.value.minBackoffSeconds) == each.value.minBackoffSeconds ? "%ds" : "%.3fs", each.value.minBackoffSeconds)
    max_backoff   = "${each.value.maxBackoffSeconds}s"
    max_doublings = each.value.maxDoublings
  }

  lifecycle {
    # Deleting a queue loses its tasks, and its name can't be used again for days. `make destroy`
    # lifts this in a copy of its own (infra/deploy.py).
    prevent_destroy = true
  }
}
