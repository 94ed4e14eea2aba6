# Staging: the same server in a project of its own, smaller and cheaper.

terraform {
  required_version = ">= 1.5"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }

  # infra/deploy.py says which bucket.
  backend "gcs" {}
}

provider "google" {
  project = var.project
  region  = var.region

  # The API of the security rules refuses a person's login without a project that its quota is of.
  user_project_override = true
  billing_project       = var.project
}

locals {
  settings = {
    AUTH  = "firebase"
    SLOTS = "3"
  }
}

module "server" {
  source = "../../modules/server"

  project                = var.project
  region                 = var.region
  archives               = var.archives
  secret_versions        = var.secret_versions
  proxy_url              = var.proxy_url
  proxy                  = var.proxy
  settings               = merge(local.settings, var.settings)
  protected              = var.protected
  alert_emails           = var.alert_emails
  runbook                = var.runbook
  most_pictures_a_day    = var.most_pictures_a_day
  min_instances          = var.min_instances
  max_instances          = var.max_instances
  internal_ingress       = var.internal_ingress
  point_in_time_recovery = var.point_in_time_recovery
}

output "functions_url" {
  description = "URL before each function's name."
  value       = module.server.functions_url
}

output "pictures_bucket" {
  description = "Bucket for the pictures."
  value       = module.server.pictures_bucket
}
