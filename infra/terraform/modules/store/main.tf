# Firestore: the database, its indexes, what expires, and who may read what.

resource "google_firestore_database" "this" {
  project     = var.project
  name        = "(default)" # the one that Firebase's clients listen to
  location_id = var.region
  type        = "FIRESTORE_NATIVE"

  delete_protection_state           = var.protected ? "DELETE_PROTECTION_ENABLED" : "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "DELETE"
  point_in_time_recovery_enablement = var.point_in_time_recovery ? "POINT_IN_TIME_RECOVERY_ENABLED" : "POINT_IN_TIME_RECOVERY_DISABLED"
}

locals {
  # Every query on more than one field: see FirestoreJobStore. The document's name comes last in
  # every index by itself, in the direction of the field before it.
  composite = {
    unconcluded = { collection = "jobs", fields = [["remaining", "ASCENDING"], ["completed", "ASCENDING"]] }
    open        = { collection = "jobs", fields = [["ownerUid", "ASCENDING"], ["completed", "ASCENDING"]] }
    of_owner    = { collection = "jobs", fields = [["ownerUid", "ASCENDING"], ["createdAt", "DESCENDING"]] }
    of_class    = { collection = "jobs", fields = [["classId", "ASCENDING"], ["createdAt", "DESCENDING"]] }
  }

  # Every query on one field, with its scope. Those of a collection are asked by clients' listeners,
  # too (docs/api.md), which filter by the field that the security rules look at.
  single = {
    jobs = {
      ownerUid      = ["COLLECTION"]
      classId       = ["COLLECTION"]
      callbackDueAt = ["COLLECTION"]
    }
    images = {
      ownerUid      = ["COLLECTION"]
      classId       = ["COLLECTION"]
      status        = ["COLLECTION"]
      holdsSlot     = ["COLLECTION_GROUP"]
      admitKey      = ["COLLECTION_GROUP"]
      dueAt         = ["COLLECTION_GROUP"]
      fanOutDueAt   = ["COLLECTION_GROUP"]
      callbackDueAt = ["COLLECTION_GROUP"]
    }
  }
  single_fields = merge([
    for collection, fields in local.single : {
      for field, scopes in fields : "${collection}.${field}" => {
        collection = collection, field = field, scopes = scopes
      }
    }
  ]...)

  # Nothing else is indexed: an index on a time that only grows is a hot spot, and each entry costs.
  unindexed = toset(["jobs", "images", "references", "latestJobs", "quotas", "admission"])

  # The field that says when a document may be deleted, by collection.
  expiring = {
    jobs       = "expireAt"
    images     = "expireAt"
    references = "expire_at"
    latestJobs = "expire_at"
    quotas     = "expireAt"
  }
}

resource "google_firestore_index" "this" {
  for_each = local.composite

  project     = var.project
  database    = google_firestore_database.this.name
  collection  = each.value.collection
  query_scope = "COLLECTION"

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value[0]
      order      = fields.value[1]
    }
  }
}

resource "google_firestore_field" "single" {
  for_each = local.single_fields

  project    = var.project
  database   = google_firestore_database.this.name
  collection = each.value.collection
  field      = each.value.field

  index_config {
    dynamic "indexes" {
      for_each = each.value.scopes
      content {
        order       = "ASCENDING"
        query_scope = indexes.value
      }
    }
  }
}

resource "google_firestore_field" "unindexed" {
  for_each = local.unindexed

  project    = var.project
  database   = google_firestore_database.this.name
  collection = each.value
  field      = "*" # every field that is not named elsewhere

  index_config {}
}

resource "google_firestore_field" "expiring" {
  for_each = local.expiring

  project    = var.project
  database   = google_firestore_database.this.name
  collection = each.key
  field      = each.value

  index_config {}
  ttl_config {}
}

# --- who may read what ----------------------------------------------------------------------------

resource "google_firebaserules_ruleset" "this" {
  project = var.project

  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/../../../firestore.rules")
    }
  }

  depends_on = [google_firestore_database.this]

  lifecycle {
    create_before_destroy = true # the released one can't be deleted
  }
}

resource "google_firebaserules_release" "this" {
  project      = var.project
  name         = "cloud.firestore" # the rules of the database (default)
  ruleset_name = google_firebaserules_ruleset.this.name
}
