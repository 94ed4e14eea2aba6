# What a person is woken for. Each alert says where its page in the runbook is.

locals {
  count_of = "resource.type=\"cloud_run_revision\" AND metric.type=\"%s\""

  # Alerts on the sum (or, of a distribution, the mean) of a metric over a time.
  thresholds = {
    painter-paused = {
      title  = "The painter takes nothing"
      filter = format(local.count_of, local.metric.painter_paused)
      above  = 2, over = "900s", lasting = "0s", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
    }
    proxy-account-disabled = {
      title  = "The proxy has no account that works"
      filter = "${format(local.count_of, local.metric.painter_refused)} AND metric.labels.code=monitoring.regex.full_match(\"account_disabled|blocked|out_of_credit|rate_limited|unauthorized\")"
      above  = 0, over = "300s", lasting = "0s", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
    }
    captcha = {
      title  = "MidJourney wants a person to solve a captcha"
      filter = "${format(local.count_of, local.metric.painter_refused)} AND metric.labels.code=\"captcha\""
      above  = 0, over = "300s", lasting = "0s", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
    }
    queue-grows = {
      title  = "More than ${var.most_waiting} pictures have waited for a slot for 15 minutes"
      filter = format(local.count_of, local.metric.slots_waiting)
      above  = var.most_waiting, over = "300s", lasting = "900s", aligner = "ALIGN_DELTA", reducer = "REDUCE_MEAN"
    }
    sweep-finds = {
      title  = "The sweep keeps finding what should not have been lost"
      filter = format(local.count_of, local.metric.sweep_found)
      above  = 5, over = "900s", lasting = "0s", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
    }
    costs = {
      title  = "More than ${var.most_pictures_a_day} pictures in a day"
      filter = format(local.count_of, local.metric.pictures)
      above  = var.most_pictures_a_day, over = "86400s", lasting = "0s", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM"
    }
  }

  channels = [for channel in google_monitoring_notification_channel.email : channel.name]
  # One place for what every alert says: `%s` is the anchor.
  said = "What to look at and what to do: [runbook](${var.runbook}#%s)."

  # An alert that is open tells nobody of the next time. What is counted out of lines has no values
  # when there are none, so it would stay open for seven days; half an hour is the least.
  # https://cloud.google.com/monitoring/alerts/incidents-events
  closing = "1800s"
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.alert_emails)

  project      = var.project
  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_alert_policy" "threshold" {
  for_each = local.thresholds

  project               = var.project
  display_name          = each.value.title
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.above
      duration        = each.value.lasting

      aggregations {
        alignment_period     = each.value.over
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = format(local.said, each.key)
  }

  alert_strategy {
    auto_close = local.closing
  }

  depends_on = [google_logging_metric.counter, google_logging_metric.distribution]
}

locals {
  # Of `health`, a failure says that something else is out of order: it has an alert of its own.
  calls        = "${format(local.count_of, local.metric.calls)} AND metric.labels.function!=\"health\""
  failed_calls = "${local.calls} AND metric.labels.status=monitoring.regex.full_match(\"5..\")"
}

resource "google_monitoring_alert_policy" "functions_fail" {
  project      = var.project
  display_name = "Functions fail"
  # Of one and the same function, whose name is its service's.
  combiner              = "AND_WITH_MATCHING_RESOURCE"
  notification_channels = local.channels

  conditions {
    display_name = "More than ${var.most_failing * 100} % of a function's calls failed in ten minutes"
    condition_threshold {
      filter             = local.failed_calls
      denominator_filter = local.calls
      comparison         = "COMPARISON_GT"
      threshold_value    = var.most_failing
      duration           = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
      denominator_aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  # One of three calls is no reason to wake anybody.
  conditions {
    display_name = "More than two of its calls failed"
    condition_threshold {
      filter          = local.failed_calls
      comparison      = "COMPARISON_GT"
      threshold_value = 2
      duration        = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = format(local.said, "functions-fail")
  }

  alert_strategy {
    auto_close = local.closing
  }

  depends_on = [google_logging_metric.counter]
}

resource "google_monitoring_alert_policy" "post_processing_fails" {
  project               = var.project
  display_name          = "Pictures can't be finished"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "Calls of postprocess fail"
    condition_threshold {
      filter          = "${format(local.count_of, local.metric.calls)} AND metric.labels.function=\"postprocess\" AND metric.labels.status=monitoring.regex.full_match(\"5..\")"
      comparison      = "COMPARISON_GT"
      threshold_value = 3
      duration        = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  conditions {
    display_name = "A picture that was painted could not be stored"
    condition_threshold {
      filter          = "${format(local.count_of, local.metric.pictures)} AND metric.labels.code=\"picture_unavailable\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  # An instance that runs out of memory writes no line of ours.
  conditions {
    display_name = "Instances of postprocess crash"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"postprocess\" AND metric.type=\"run.googleapis.com/request_count\" AND metric.labels.response_code_class=\"5xx\""
      comparison      = "COMPARISON_GT"
      threshold_value = 3
      duration        = "0s"

      aggregations {
        alignment_period     = "600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = format(local.said, "post-processing-fails")
  }

  alert_strategy {
    auto_close = local.closing
  }

  depends_on = [google_logging_metric.counter]
}

resource "google_monitoring_alert_policy" "no_sweep" {
  project               = var.project
  display_name          = "No sweep for a quarter of an hour"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "No call of sweep"
    condition_absent {
      filter   = "${format(local.count_of, local.metric.calls)} AND metric.labels.function=\"sweep\""
      duration = "900s" # a log line is known to its metric up to ten minutes later

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = format(local.said, "no-sweep")
  }

  depends_on = [google_logging_metric.counter]
}

# --- health ---------------------------------------------------------------------------------------

resource "google_monitoring_uptime_check_config" "health" {
  project      = var.project
  display_name = "health"
  period       = "60s"
  timeout      = "30s"

  http_check {
    path         = "/"
    port         = 443
    use_ssl      = true
    validate_ssl = true

    service_agent_authentication {
      type = "OIDC_TOKEN"
    }

    accepted_response_status_codes {
      status_value = 200
    }
  }

  monitored_resource {
    type = "uptime_url"
    labels = {
      project_id = var.project
      # The token is for scheme and host, without a path: so for nothing but this function's own.
      host = var.health_host
    }
  }
}

resource "google_monitoring_alert_policy" "health" {
  project               = var.project
  display_name          = "The health check fails"
  combiner              = "OR"
  notification_channels = local.channels

  conditions {
    display_name = "Fails from more than one region for three minutes"
    condition_threshold {
      filter          = "resource.type=\"uptime_url\" AND metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.labels.check_id=\"${google_monitoring_uptime_check_config.health.uptime_check_id}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 1
      duration        = "180s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_NEXT_OLDER"
        cross_series_reducer = "REDUCE_COUNT_FALSE"
        group_by_fields      = ["resource.label.host"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = format(local.said, "health")
  }
}
