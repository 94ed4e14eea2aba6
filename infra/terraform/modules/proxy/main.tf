# The MidJourney Proxy (novicezk/midjourney-proxy 2.6) as a private Cloud Run service, if there is
# none elsewhere: one instance, as it keeps its tasks in memory; always with CPU, as it holds a
# connection to Discord; reached from the functions only, as its API shows Discord tokens and its
# user interface asks for no password.

resource "google_service_account" "this" {
  project      = var.project
  account_id   = "midjourney-proxy"
  display_name = "MidJourney Proxy"
}

resource "google_secret_manager_secret_iam_member" "this" {
  for_each = toset(["MIDJOURNEY_PROXY_SECRET", "DISCORD_USER_TOKEN"])

  project   = var.project
  secret_id = var.secrets[each.value]
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}

resource "google_cloud_run_v2_service" "this" {
  project             = var.project
  location            = var.region
  name                = "midjourney-proxy"
  ingress             = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  deletion_protection = false # it keeps nothing

  template {
    service_account                  = google_service_account.this.email
    max_instance_request_concurrency = 80
    timeout                          = "60s"

    scaling {
      min_instance_count = 1
      max_instance_count = 1
    }

    containers {
      image = var.image

      ports {
        container_port = 8080
      }

      resources {
        limits   = { cpu = "1", memory = "1Gi" }
        cpu_idle = false
      }

      # Spring reads `mj.discord.guild-id` from MJ_DISCORD_GUILDID, and so on.
      env {
        name  = "MJ_DISCORD_GUILDID"
        value = var.discord_guild
      }
      env {
        name  = "MJ_DISCORD_CHANNELID"
        value = var.discord_channel
      }
      env {
        name = "MJ_DISCORD_USERTOKEN"
        value_source {
          secret_key_ref {
            secret  = var.secrets["DISCORD_USER_TOKEN"]
            version = var.secret_versions["DISCORD_USER_TOKEN"]
          }
        }
      }
      env {
        name = "MJ_APISECRET"
        value_source {
          secret_key_ref {
            secret  = var.secrets["MIDJOURNEY_PROXY_SECRET"]
            version = var.secret_versions["MIDJOURNEY_PROXY_SECRET"]
          }
        }
      }
      env {
        name  = "MJ_DISCORD_CORESIZE"
        value = tostring(var.slots)
      }
      env {
        name  = "MJ_DISCORD_QUEUESIZE"
        value = tostring(max(10, var.slots_ahead + 1))
      }
      # Where it notifies comes with each task (`notifyHook`, signed with NOTIFY_SECRET): no
      # mj.notify-hook, whose address could not be checked.
      env {
        name  = "MJ_NOTIFYPOOLSIZE"
        value = "10"
      }

      startup_probe {
        initial_delay_seconds = 5
        period_seconds        = 5
        failure_threshold     = 24
        tcp_socket {
          port = 8080
        }
      }
    }
  }

  depends_on = [google_secret_manager_secret_iam_member.this]
}

# The functions send its secret, which is no token of Google's: so the network alone keeps others
# out (ingress), and that secret.
resource "google_cloud_run_v2_service_iam_member" "anyone_inside" {
  #checkov:skip=CKV_GCP_102:Ingress is internal; callers inside send mj-api-secret, which is no token of Google's
  project  = var.project
  location = var.region
  name     = google_cloud_run_v2_service.this.name
  role     = "roles/run.invoker"
  member   = "allUsers"
}

# --- the way there --------------------------------------------------------------------------------
# Only what goes to *.run.app takes it; pictures are fetched from the internet as before
# (https://cloud.google.com/run/docs/securing/private-networking).

resource "google_compute_network" "this" {
  #checkov:skip=CKV2_GCP_18:Without a rule nothing comes in, and nothing listens there
  project                 = var.project
  name                    = "midjourney-proxy"
  auto_create_subnetworks = false
}

resource "google_compute_subnetwork" "this" {
  #checkov:skip=CKV_GCP_26:Nothing but calls to the proxy passes here, which both ends log
  #checkov:skip=CKV_GCP_76:It has no IPv6 addresses
  project                  = var.project
  region                   = var.region
  name                     = "midjourney-proxy"
  network                  = google_compute_network.this.id
  ip_cidr_range            = "10.8.0.0/28" # a connector needs exactly so many
  private_ip_google_access = true
}

resource "google_vpc_access_connector" "this" {
  project       = var.project
  region        = var.region
  name          = "midjourney-proxy"
  min_instances = 2
  max_instances = 3

  subnet {
    name       = google_compute_subnetwork.this.name
    project_id = var.project
  }

  depends_on = [google_project_service.this]
}

resource "google_project_service" "this" {
  for_each = toset(["dns.googleapis.com", "vpcaccess.googleapis.com"])

  project            = var.project
  service            = each.value
  disable_on_destroy = false
}

resource "google_dns_managed_zone" "run_app" {
  #checkov:skip=CKV_GCP_16:A private zone can't have DNSSEC
  project     = var.project
  name        = "run-app"
  dns_name    = "run.app."
  description = "Cloud Run by private.googleapis.com."
  visibility  = "private"

  private_visibility_config {
    networks {
      network_url = google_compute_network.this.id
    }
  }

  depends_on = [google_project_service.this]
}

resource "google_dns_record_set" "run_app" {
  project      = var.project
  managed_zone = google_dns_managed_zone.run_app.name
  name         = "*.run.app."
  type         = "A"
  ttl          = 300
  rrdatas      = ["199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11"]
}
