# Metrics out of the log lines that the functions write (functions/edge.py and the use cases): one
# JSON object a line, by `message`.

locals {
  prefix = "fairy_tale"

  # Lines that are counted, with the fields that tell them apart.
  counters = {
    calls           = { message = "call", labels = ["function", "status", "code"] }
    books           = { message = "book ended", labels = ["status"] }
    pictures        = { message = "picture ended", labels = ["status", "code", "kind"] }
    sweep_found     = { message = "sweep found", labels = [] }
    painter_paused  = { message = "painter paused", labels = ["reason"] }
    painter_refused = { message = "painter refused", labels = ["code"] }
  }

  # Lines with a number in them that is of interest.
  distributions = {
    call_ms               = { message = "call", field = "durationMs", unit = "ms", labels = ["function"] }
    first_picture_seconds = { message = "first picture", field = "seconds", unit = "s", labels = [] }
    book_seconds          = { message = "book ended", field = "seconds", unit = "s", labels = ["status"] }
    book_overhead_seconds = { message = "book ended", field = "overheadSeconds", unit = "s", labels = ["status"] }
    book_pictures         = { message = "book ended", field = "pictures", unit = "1", labels = ["status"] }
    painting_seconds      = { message = "picture ended", field = "paintingSeconds", unit = "s", labels = ["status", "code", "kind"] }
    slots_in_use          = { message = "slots", field = "inUse", unit = "1", labels = [] }
    slots_waiting         = { message = "slots", field = "waiting", unit = "1", labels = [] }
    slots                 = { message = "slots", field = "slots", unit = "1", labels = [] }
    sweep_steps           = { message = "sweep found", field = "steps", unit = "1", labels = [] }
    sweep_fan_outs        = { message = "sweep found", field = "fanOuts", unit = "1", labels = [] }
    sweep_jobs            = { message = "sweep found", field = "jobs", unit = "1", labels = [] }
    sweep_callbacks       = { message = "sweep found", field = "callbacks", unit = "1", labels = [] }
    painter_paused_for    = { message = "painter paused", field = "seconds", unit = "s", labels = ["reason"] }
  }

  line = "resource.type=\"cloud_run_revision\" AND jsonPayload.message=\"%s\""
  # What alerts and the dashboard look at.
  metric = { for name in concat(keys(local.counters), keys(local.distributions)) : name => "logging.googleapis.com/user/${local.prefix}_${name}" }
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  project          = var.project
  name             = "${local.prefix}_${each.key}"
  description      = "Log lines \"${each.value.message}\"."
  filter           = format(local.line, each.value.message)
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
}

resource "google_logging_metric" "distribution" {
  for_each = local.distributions

  project          = var.project
  name             = "${local.prefix}_${each.key}"
  description      = "${each.value.field} of log lines \"${each.value.message}\"."
  filter           = format(local.line, each.value.message)
  value_extractor  = "EXTRACT(jsonPayload.${each.value.field})"
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 64
      growth_factor      = 1.4
      scale              = 0.5
    }
  }
}
