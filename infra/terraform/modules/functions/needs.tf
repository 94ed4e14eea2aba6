# What each function may do: exactly what infra/functions.json says that it needs.

locals {
  needs = merge([
    for name, function in local.functions : {
      for need in function.needs : "${name} ${need}" => {
        function = name
        kind     = split(":", need)[0]
        of       = try(split(":", need)[1], null)
      }
    }
  ]...)

  project_roles = {
    "store.read"  = "roles/datastore.viewer"
    "store.write" = "roles/datastore.user"
    "traces"      = "roles/telemetry.tracesWriter"
  }
  queue_roles = {
    "enqueue"     = "roles/cloudtasks.enqueuer"
    "callOff"     = "roles/cloudtasks.taskDeleter"
    "queues.read" = "roles/cloudtasks.viewer"
  }
  bucket_roles = {
    "pictures.read" = "roles/storage.objectViewer"
    # Not objectCreator: an upload to a name that is taken may be refused for want of the right to
    # delete, before its precondition is looked at; the code needs to hear of the latter.
    "pictures.write" = "roles/storage.objectUser"
  }

  traced = tonumber(lookup(var.settings, "TRACE_SHARE", "0")) > 0

  # A need of all queues is one of each.
  queue_needs = merge([
    for key, need in local.needs : {
      for queue in(need.of == null ? keys(var.queues) : [need.of]) : "${key} ${queue}" => {
        function = need.function, queue = queue, role = local.queue_roles[need.kind]
      }
    } if contains(keys(local.queue_roles), need.kind)
  ]...)

  secret_needs = merge([
    for name, function in local.functions : {
      for secret in function.secrets : "${name} ${secret}" => { function = name, secret = secret }
    }
  ]...)

  enqueuing = toset([for need in values(local.needs) : need.function if need.kind == "enqueue"])
}

resource "google_project_iam_member" "function" {
  for_each = {
    for key, need in local.needs : key => need
    if contains(keys(local.project_roles), need.kind) && (need.kind != "traces" || local.traced)
  }

  project = var.project
  role    = local.project_roles[each.value.kind]
  member  = google_service_account.function[each.value.function].member
}

resource "google_cloud_tasks_queue_iam_member" "function" {
  for_each = local.queue_needs

  project  = var.project
  location = var.region
  name     = var.queues[each.value.queue]
  role     = each.value.role
  member   = google_service_account.function[each.value.function].member
}

# Who creates a task that carries the token of an account must be allowed to act as that account.
resource "google_service_account_iam_member" "acts_as_tasks" {
  for_each = local.enqueuing

  service_account_id = google_service_account.invoker["tasks"].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.function[each.value].member
}

resource "google_storage_bucket_iam_member" "function" {
  for_each = { for key, need in local.needs : key => need if contains(keys(local.bucket_roles), need.kind) }

  bucket = var.pictures_bucket
  role   = local.bucket_roles[each.value.kind]
  member = google_service_account.function[each.value.function].member
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = local.secret_needs

  project   = var.project
  secret_id = var.secrets[each.value.secret]
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.function[each.value.function].member
}
