.onLoad <- function(libname, pkgname) {
  declare_python_requirement()
  register_when_loaded("sandwich", "estfun", "context_glm", estfun.context_glm)
  register_when_loaded("sandwich", "bread", "context_glm", bread.context_glm)
  register_when_loaded("lmtest", "coeftest", "context_glm", coeftest.context_glm)
  register_when_loaded("knitr", "knit_print", "context_glm", knit_print.context_glm)
  register_when_loaded("knitr", "knit_print", "summary.context_glm", knit_print.summary.context_glm)
  register_when_loaded("ggplot2", "autoplot", "context_glm", autoplot.context_glm)
  register_when_loaded("knitr", "knit_print", "context_network", knit_print.context_network)
  register_when_loaded("knitr", "knit_print", "summary.context_network", knit_print.summary.context_network)
  register_when_loaded("ggplot2", "autoplot", "context_network", autoplot.context_network)
  register_when_loaded("igraph", "as.igraph", "context_network", as.igraph.context_network)
  register_when_loaded("emmeans", "recover_data", "context_glm", recover_data.context_glm)
  register_when_loaded("emmeans", "emm_basis", "context_glm", emm_basis.context_glm)
  for (generic in c("get_coef", "set_coef", "get_vcov", "get_predict")) {
    register_when_loaded("marginaleffects", generic, "context_glm", get(paste0(generic, ".context_glm")))
  }
  # marginaleffects asks the methods of those classes alone that stand here.
  options(marginaleffects_model_classes = union(getOption("marginaleffects_model_classes"), "context_glm"))
}

# Methods for generics of packages that are only suggested.
register_when_loaded <- function(package, generic, class, method) {
  register <- function(...) registerS3method(generic, class, method, envir = asNamespace(package))
  if (isNamespaceLoaded(package)) register()
  setHook(packageEvent(package, "onLoad"), register)
}
