# The Google Cloud APIs that the server uses. They stay enabled when it is removed: others may use
# them too.

resource "google_project_service" "this" {
  for_each = toset([
    "artifactregistry.googleapis.com", # the images that functions are built into
    "cloudbuild.googleapis.com",
    "cloudfunctions.googleapis.com",
    "cloudscheduler.googleapis.com",
    "cloudtasks.googleapis.com",
    "cloudtrace.googleapis.com", # without it, traces that are sent are thrown away
    "compute.googleapis.com",    # regions and default service agents
    "eventarc.googleapis.com",
    "firebaserules.googleapis.com",
    "firestore.googleapis.com",
    "iam.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "pubsub.googleapis.com", # what Eventarc's events travel by
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "storage.googleapis.com",
    "telemetry.googleapis.com", # traces
  ])

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}
