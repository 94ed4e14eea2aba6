# The whole server in one project. The environments differ by what they hand to this module only.

data "google_project" "this" {
  project_id = var.project

  lifecycle {
    precondition {
      condition     = (var.proxy_url == "") != (var.proxy == null)
      error_message = "Say where the MidJourney Proxy is (proxy_url), or have one run here (proxy): one of the two."
    }
  }
}

locals {
  functions_file  = jsondecode(file("${path.module}/../../../functions.json"))
  secret_names    = toset(concat(flatten([for function in local.functions_file : function.secrets]), var.proxy == null ? [] : ["DISCORD_USER_TOKEN"]))
  secrets         = { for name in local.secret_names : name => lower(replace(name, "_", "-")) }
  secret_versions = { for name in local.secret_names : name => lookup(var.secret_versions, name, "1") }
  most_at_once    = { for name, function in local.functions_file : name => lookup(var.max_instances, name, function.maxInstances) * function.concurrency }
  pictures_bucket = coalesce(var.pictures_bucket, "${var.project}-pictures")
}

check "somebody_is_told" {
  assert {
    condition     = length(var.alert_emails) > 0
    error_message = "Nobody is told of alerts. Say who, as in alert_emails = [\"ops@example.org\"], in a file for VARS (docs/deploy.md, More variables)."
  }
}

module "apis" {
  source  = "../apis"
  project = var.project
}

module "store" {
  source                 = "../store"
  project                = var.project
  region                 = var.region
  protected              = var.protected
  point_in_time_recovery = var.point_in_time_recovery
  depends_on             = [module.apis]
}

module "queues" {
  source       = "../queues"
  project      = var.project
  region       = var.region
  most_at_once = local.most_at_once
  depends_on   = [module.apis]
}

module "buckets" {
  source          = "../buckets"
  project         = var.project
  region          = var.region
  pictures_bucket = local.pictures_bucket
  protected       = var.protected
  archives        = var.archives
  depends_on      = [module.apis]
}

module "secrets" {
  source     = "../secrets"
  project    = var.project
  region     = var.region
  secrets    = local.secrets
  depends_on = [module.apis]
}

module "proxy" {
  source = "../proxy"
  count  = var.proxy == null ? 0 : 1

  project         = var.project
  region          = var.region
  image           = var.proxy.image
  discord_guild   = var.proxy.discord_guild
  discord_channel = var.proxy.discord_channel
  slots           = tonumber(lookup(var.settings, "SLOTS", "12"))
  slots_ahead     = tonumber(lookup(var.settings, "SLOTS_AHEAD", "1"))
  secrets         = module.secrets.ids
  secret_versions = local.secret_versions
  depends_on      = [module.apis]
}

module "functions" {
  source = "../functions"

  project          = var.project
  project_number   = data.google_project.this.number
  region           = var.region
  database         = module.store.database
  queues           = module.queues.names
  pictures_bucket  = module.buckets.pictures
  sources          = module.buckets.sources
  secrets          = module.secrets.ids
  secret_versions  = local.secret_versions
  proxy_url        = var.proxy == null ? var.proxy_url : module.proxy[0].url
  private_proxy    = var.proxy != null
  connector        = var.proxy == null ? null : module.proxy[0].connector
  settings         = var.settings
  min_instances    = var.min_instances
  max_instances    = var.max_instances
  internal_ingress = var.internal_ingress
  depends_on       = [module.apis]
}

module "watching" {
  source = "../watching"

  project             = var.project
  health_host         = module.functions.health_host
  alert_emails        = var.alert_emails
  runbook             = var.runbook
  most_pictures_a_day = var.most_pictures_a_day
  depends_on          = [module.apis]
}
