variable "project" {
  type        = string
  description = "Id of the Google Cloud project."
}

variable "project_number" {
  type        = string
  description = "Its number, which the names of Google's own accounts consist of."
}

variable "region" {
  type        = string
  description = "Region of the functions."
}

variable "database" {
  type        = string
  description = "The Firestore database whose writes set off the fan-out."
}

variable "queues" {
  type        = map(string)
  description = "The Cloud Tasks queues, each by its name."
}

variable "pictures_bucket" {
  type        = string
  description = "Bucket for the pictures."
}

variable "sources" {
  type        = map(object({ bucket = string, object = string }))
  description = "The source archives, by the names that infra/functions.json gives them."
}

variable "secrets" {
  type        = map(string)
  description = "Secret ids by environment variable."
}

variable "secret_versions" {
  type        = map(string)
  description = "The version of each secret that the functions get, by environment variable."
}

variable "proxy_url" {
  type        = string
  description = "URL of the MidJourney Proxy with its context path."
}

variable "private_proxy" {
  type        = bool
  description = "Whether the proxy has no public address."
}

variable "connector" {
  type        = string
  description = "VPC connector through which it is reached then."
}

variable "settings" {
  type        = map(string)
  description = "Other settings of the functions (docs/settings.md), those that differ from the default."
}

variable "min_instances" {
  type        = map(number)
  description = "Instances that are kept warm, by function, if not as infra/functions.json says."
}

variable "max_instances" {
  type        = map(number)
  description = "Instances at most, by function, if not as infra/functions.json says."
}

variable "internal_ingress" {
  type        = string
  default     = "ALLOW_INTERNAL_ONLY"
  description = "Ingress of what only Google's own services call. ALLOW_ALL, if an organisation's network rules keep them out: each call's token is checked all the same."

  validation {
    condition     = contains(["ALLOW_INTERNAL_ONLY", "ALLOW_ALL"], var.internal_ingress)
    error_message = "internal_ingress must be ALLOW_INTERNAL_ONLY or ALLOW_ALL."
  }
}
