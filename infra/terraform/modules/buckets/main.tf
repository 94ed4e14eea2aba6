# The pictures, and the archives that functions are built from.

locals {
  lifecycle = jsondecode(file("${path.module}/../../../bucket-lifecycle.json"))
}

resource "google_storage_bucket" "pictures" {
  #checkov:skip=CKV_GCP_62:Access logs would hold the unguessable names that links to children's pictures consist of
  #checkov:skip=CKV_GCP_78:Objects are never overwritten; a kept version would outlive what a family had deleted
  project  = var.project
  name     = var.pictures_bucket
  location = var.region

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protected

  dynamic "lifecycle_rule" {
    for_each = local.lifecycle.rule
    content {
      action {
        type = lifecycle_rule.value.action.type
      }
      condition {
        age                    = try(lifecycle_rule.value.condition.age, null)
        days_since_custom_time = try(lifecycle_rule.value.condition.daysSinceCustomTime, null)
        matches_prefix         = try(lifecycle_rule.value.condition.matchesPrefix, null)
      }
    }
  }

  soft_delete_policy {
    retention_duration_seconds = 0 # deleted is deleted: these are children's pictures
  }
}

resource "google_storage_bucket" "sources" {
  #checkov:skip=CKV_GCP_62:Only deployments read it, and audit logs have those
  #checkov:skip=CKV_GCP_78:Objects are named by their content, so none is ever overwritten
  project  = var.project
  name     = "${var.project}-sources"
  location = var.region

  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true # what is in it can be packed again from any commit
}

resource "google_storage_bucket_object" "source" {
  for_each = var.archives

  bucket = google_storage_bucket.sources.name
  name   = basename(each.value) # has the SHA-256 of the content in it: infra/package.py
  source = each.value

  lifecycle {
    create_before_destroy = true
  }
}
