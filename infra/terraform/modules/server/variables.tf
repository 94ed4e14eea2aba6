variable "project" {
  type        = string
  description = "Id of the Google Cloud project."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "project must be a project id: 6 to 30 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  type        = string
  description = "Region of everything, as in asia-northeast3."

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region, as in asia-northeast3."
  }
}

variable "archives" {
  type        = map(string)
  description = "Paths of the source archives (infra/package.py makes them)."
}

variable "secret_versions" {
  type        = map(string)
  default     = {}
  description = "Version of each secret by environment variable; default: the first."
}

variable "proxy_url" {
  type        = string
  default     = ""
  description = "URL of a MidJourney Proxy with its context path, as in https://host/mj; empty with `proxy`."

  validation {
    condition     = var.proxy_url == "" || can(regex("^https?://[^/].*[^/]$", var.proxy_url))
    error_message = "proxy_url must be http(s)://host with the context path and without a slash at its end."
  }
}

variable "proxy" {
  type        = object({ image = string, discord_guild = string, discord_channel = string })
  default     = null
  description = "A proxy to be run here, too; null: there is one elsewhere."
}

variable "pictures_bucket" {
  type        = string
  default     = ""
  description = "Bucket for the pictures; empty: PROJECT-pictures."
}

variable "settings" {
  type        = map(string)
  default     = {}
  description = "Settings of the functions that differ from the default (docs/settings.md)."

  validation {
    condition = length([for name in keys(var.settings) : name if startswith(name, "FUNCTION_") || startswith(name, "K_") || contains([
      "GOOGLE_CLOUD_PROJECT", "TASKS_LOCATION", "TASKS_SERVICE_ACCOUNT", "TASKS_URL", "FUNCTIONS_URL", "NOTIFY_URL",
      "PICTURES_BUCKET", "MIDJOURNEY_PROXY_URL", "INVOKER", "THREADS", "WORKERS", "PORT", "LOG_EXECUTION_ID"
    ], name)]) == 0
    error_message = "settings must not have what Google Cloud or Terraform sets by itself."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings) : !endswith(name, "_EMULATOR_HOST") && name != "CRASH_FOLDER"])
    error_message = "settings must not have what is for the local stack only."
  }

  validation {
    condition     = alltrue([for name in keys(var.settings) : !endswith(name, "_SECRET") && !endswith(name, "_TOKEN")])
    error_message = "Secrets do not belong in settings: put them in Secret Manager (docs/deploy.md)."
  }

  validation {
    condition     = contains(["firebase", "jwt"], lookup(var.settings, "AUTH", "firebase"))
    error_message = "AUTH must be firebase or jwt on Google Cloud."
  }
}

variable "protected" {
  type        = bool
  default     = true
  description = "Whether database and pictures can't be deleted."
}

variable "point_in_time_recovery" {
  type        = bool
  default     = false
  description = "Whether any state of the database in the last seven days can be read again: what a family deleted, too."
}

variable "min_instances" {
  type        = map(number)
  default     = {}
  description = "Instances that are kept warm, by function."
}

variable "max_instances" {
  type        = map(number)
  default     = {}
  description = "Instances at most, by function."

  validation {
    condition     = alltrue([for most in values(var.max_instances) : most >= 1])
    error_message = "max_instances must be 1 at least."
  }
}

variable "internal_ingress" {
  type        = string
  default     = "ALLOW_INTERNAL_ONLY"
  description = "Ingress of what only Google's own services call."
}

variable "alert_emails" {
  type        = list(string)
  default     = []
  description = "Who is told of alerts."
}

variable "runbook" {
  type        = string
  default     = "docs/runbook.md"
  description = "Where docs/runbook.md can be read: an address of yours."
}

variable "most_pictures_a_day" {
  type        = number
  default     = 2000
  description = "Pictures a day above which somebody should look at the costs."
}
