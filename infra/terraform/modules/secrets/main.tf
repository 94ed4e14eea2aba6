# Containers of the secrets. What is in them never passes through Terraform, as its state would keep
# it: infra/deploy.py adds the first versions, a person the later ones.

resource "google_secret_manager_secret" "this" {
  for_each = var.secrets

  project   = var.project
  secret_id = each.value

  replication {
    user_managed {
      replicas {
        location = var.region
      }
    }
  }
}
