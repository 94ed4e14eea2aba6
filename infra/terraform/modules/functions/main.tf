# Every function of infra/functions.json (2nd generation), each with an account of its own.

locals {
  functions = jsondecode(file("${path.module}/../../../functions.json"))

  # Who may call, beside those who are allUsers: what they call for is checked in the code.
  invokers = {
    tasks      = google_service_account.invoker["tasks"].email
    scheduler  = google_service_account.invoker["scheduler"].email
    eventarc   = google_service_account.invoker["eventarc"].email
    monitoring = "service-${var.project_number}@gcp-sa-monitoring-notification.iam.gserviceaccount.com"
  }

  ingress = {
    all      = "ALLOW_ALL"
    internal = var.internal_ingress
  }

  # Those that talk to the proxy.
  through_network = [for name, function in local.functions : name if var.private_proxy && contains(function.secrets, "MIDJOURNEY_PROXY_SECRET")]

  # What clients and the proxy call.
  url = "https://${var.region}-${var.project}.cloudfunctions.net"

  # What Terraform knows. An empty variable counts as unset (shared/settings.py).
  known = {
    GOOGLE_CLOUD_PROJECT  = var.project
    TASKS_LOCATION        = var.region
    TASKS_SERVICE_ACCOUNT = google_service_account.invoker["tasks"].email
    FUNCTIONS_URL         = local.url
    # Only by its own address does a call count as internal (ingress); this form of it is known before
    # there is a function: https://cloud.google.com/run/docs/triggering/https-request#deterministic
    TASKS_URL            = "https://{function}-${var.project_number}.${var.region}.run.app"
    NOTIFY_URL           = local.url
    PICTURES_BUCKET      = var.pictures_bucket
    MIDJOURNEY_PROXY_URL = var.proxy_url
  }
}

# --- accounts -------------------------------------------------------------------------------------

resource "google_service_account" "function" {
  for_each = local.functions

  project      = var.project
  account_id   = "fn-${each.key}"
  display_name = "Function ${each.key}"
}

resource "google_service_account" "invoker" {
  for_each = toset(["tasks", "scheduler", "eventarc"])

  project      = var.project
  account_id   = "invoke-${each.value}"
  display_name = "Calls functions for ${each.value}"
}

resource "google_service_account" "build" {
  project      = var.project
  account_id   = "build-functions"
  display_name = "Builds the functions"
}

resource "google_project_iam_member" "build" {
  for_each = toset([
    "roles/artifactregistry.writer",
    "roles/logging.logWriter",
  ])

  project = var.project
  role    = each.value
  member  = google_service_account.build.member
}

# Of the buckets that Cloud Functions makes and copies sources to, and of no other: there are
# children's pictures in this project
# (https://cloud.google.com/functions/docs/building, "Characteristics of the build process").
resource "google_project_iam_member" "build_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title      = "Sources of functions only"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\") || resource.name.startsWith(\"projects/_/buckets/gcf-v2-uploads-\")"
  }
}

# --- the functions --------------------------------------------------------------------------------

resource "google_cloudfunctions2_function" "this" {
  #checkov:skip=CKV_GCP_124:Ingress is by function: internal for all but what clients, the proxy and the uptime check call
  for_each = local.functions

  project  = var.project
  location = var.region
  name     = each.key

  build_config {
    runtime         = "python311"
    entry_point     = each.key
    service_account = google_service_account.build.id

    source {
      storage_source {
        bucket = var.sources[each.value.source].bucket
        object = var.sources[each.value.source].object
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.function[each.key].email
    available_cpu                    = each.value.cpu
    available_memory                 = each.value.memory
    max_instance_request_concurrency = each.value.concurrency
    min_instance_count               = lookup(var.min_instances, each.key, each.value.minInstances)
    max_instance_count               = lookup(var.max_instances, each.key, each.value.maxInstances)
    timeout_seconds                  = each.value.timeoutSeconds
    ingress_settings                 = local.ingress[each.value.ingress]
    all_traffic_on_latest_revision   = true

    # A proxy without a public address is reached through a network, and nothing else is.
    vpc_connector                 = contains(local.through_network, each.key) ? var.connector : null
    vpc_connector_egress_settings = contains(local.through_network, each.key) ? "PRIVATE_RANGES_ONLY" : null

    environment_variables = merge(
      var.settings,
      local.known,
      # Of gunicorn, by functions-framework: as many threads as requests that come at once.
      { THREADS = tostring(each.value.concurrency) },
      # Cloud Functions sets it to true if nobody else does. functions-framework then writes each log
      # line anew: with another span than ours, and in two pieces that those of other threads get into.
      { LOG_EXECUTION_ID = "false" },
      contains(keys(local.invokers), each.value.invoker) ? { INVOKER = local.invokers[each.value.invoker] } : {},
    )

    dynamic "secret_environment_variables" {
      for_each = toset(each.value.secrets)
      content {
        key        = secret_environment_variables.value
        project_id = var.project
        secret     = var.secrets[secret_environment_variables.value]
        version    = var.secret_versions[secret_environment_variables.value]
      }
    }
  }

  dynamic "event_trigger" {
    for_each = each.value.invoker == "eventarc" ? [each.value.trigger] : []
    content {
      trigger_region        = var.region
      event_type            = event_trigger.value.type
      retry_policy          = "RETRY_POLICY_RETRY"
      service_account_email = google_service_account.invoker["eventarc"].email

      event_filters {
        attribute = "database"
        value     = var.database
      }
      event_filters {
        attribute = "document"
        value     = event_trigger.value.document
        operator  = "match-path-pattern"
      }
    }
  }

  depends_on = [
    google_project_iam_member.build,
    google_project_iam_member.build_sources,
    google_project_iam_member.event_receiver,
    google_secret_manager_secret_iam_member.this, # without it, no instance starts
  ]
}

# --- who may call ---------------------------------------------------------------------------------

resource "google_cloud_run_v2_service_iam_member" "invoker" {
  for_each = local.functions

  project  = var.project
  location = var.region
  name     = google_cloudfunctions2_function.this[each.key].name
  role     = "roles/run.invoker"
  member   = contains(keys(local.invokers), each.value.invoker) ? "serviceAccount:${local.invokers[each.value.invoker]}" : "allUsers"
}

resource "google_project_iam_member" "event_receiver" {
  project = var.project
  role    = "roles/eventarc.eventReceiver"
  member  = google_service_account.invoker["eventarc"].member
}

resource "google_cloud_scheduler_job" "this" {
  for_each = { for name, function in local.functions : name => function if function.invoker == "scheduler" }

  project          = var.project
  region           = var.region
  name             = each.key
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "${each.value.timeoutSeconds}s"

  retry_config {
    retry_count = 0 # the next one comes in a minute
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.this[each.key].service_config[0].uri

    oidc_token {
      service_account_email = google_service_account.invoker["scheduler"].email
      audience              = google_cloudfunctions2_function.this[each.key].service_config[0].uri
    }
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}
